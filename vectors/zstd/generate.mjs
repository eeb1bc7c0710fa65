// Writes golden.json with the `zstd` command, facebook/zstd's own tool, as the other implementation: `node vectors/zstd/generate.mjs`.
// Frames of every kind of block and header that a small input can have, and frames made by hand from RFC 8878.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Text that a reader of golden.json can make again: `line N of M` for N from 0. */
const lines = (count) => Buffer.from(Array.from({ length: count }, (_, n) => `line ${n} of ${count}\n`).join(''));
const inputs = { nothing: Buffer.alloc(0), byte: Buffer.from('a'), lines40: lines(40), lines9000: lines(9000), zeros: Buffer.alloc(300_000) };

const zstd = (flags, input) => execFileSync('zstd', ['-cq', ...flags], { input, maxBuffer: 1 << 26 });
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const FLAGS = [['-1'], ['-3', '--no-check'], ['--fast=5'], ['-19'], ['--ultra', '-22'], ['-3', '--no-content-size'], ['-3', '--long=27']];
const cases = [];
const add = (name, frame, plain, more = {}) => cases.push({ name, frame: frame.toString('base64'), bytes: plain.length, sha256: sha256(plain), ...more });

for (const [name, plain] of Object.entries(inputs)) {
  for (const flags of name === 'lines9000' ? [['-19'], ['-3', '--no-content-size']] : FLAGS) add(`${name} ${flags.join(' ')}`, zstd(flags, plain), plain);
}
const one = zstd(['-3'], inputs.byte);
const two = zstd(['-3', '--no-check'], inputs.lines40);
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
add('two frames, skippable ones around', Buffer.concat([skippable, one, skippable, two, skippable]), Buffer.concat([inputs.byte, inputs.lines40]));
add('skippable frames alone', Buffer.concat([skippable, skippable]), inputs.nothing);

// By hand: magic, descriptor 0x20 (single segment, one byte of size), size, block headers of three bytes.
const frame = (size, ...blocks) => Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, size]), ...blocks]);
const block = (last, type, size, ...bytes) => {
  const field = (size << 3) | (type << 1) | (last ? 1 : 0);
  return Buffer.from([field & 255, (field >> 8) & 255, field >> 16, ...bytes]);
};
add('by hand: stored, run length, empty last', frame(7, block(false, 0, 3, 97, 98, 99), block(false, 1, 4, 122), block(true, 0, 0)), Buffer.from('abczzzz'));
add('by hand: run length alone', frame(200, block(true, 1, 200, 0)), Buffer.alloc(200));

const folder = mkdtempSync(join(tmpdir(), 'chunker-vectors-'));
const samples = Array.from({ length: 300 }, (_, n) => {
  const path = join(folder, `sample${n}`);
  writeFileSync(path, JSON.stringify({ id: n * 7919, name: `store path ${n % 17}`, size: n * n, references: [`lib${n % 13}`, `bin${n % 5}`] }));
  return path;
});
const path = join(folder, 'dictionary');
execFileSync('zstd', ['-q', '--train', '--maxdict=2000', '--dictID=1234567', '-o', path, ...samples]);
const dictionary = readFileSync(path);
for (const n of [3, 200])
  add(`sample ${n} with the dictionary`, zstd(['-9', '-D', path], readFileSync(samples[n])), readFileSync(samples[n]), { dictionary: true });
rmSync(folder, { recursive: true });

const golden = {
  origin: execFileSync('zstd', ['--version'], { encoding: 'utf8' }).trim(),
  inputs: 'see generate.mjs; sha256 and bytes are of the content',
  dictionaryId: 1234567,
  dictionary: dictionary.toString('base64'),
  cases,
};
writeFileSync(new URL('golden.json', import.meta.url), `${JSON.stringify(golden, null, 1)}\n`);
