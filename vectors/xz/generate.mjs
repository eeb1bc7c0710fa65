// Writes golden.json with the `xz` command, tukaani-project/xz's own tool, as the other implementation: `node vectors/xz/generate.mjs`.
// Streams of every preset, check, filter and layout that the command writes, and .lzma files.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

/** Text that a reader of golden.json can make again: `line N of M` for N from 0. */
const lines = (count) => Buffer.from(Array.from({ length: count }, (_, n) => `line ${n} of ${count}\n`).join(''));
/** Calls as x86 has them, so that its filter has something to do: E8, a distance of 32 bits, and up to four bytes NOP. */
const calls = (count) =>
  Buffer.concat(
    Array.from({ length: count }, (_, n) => {
      const call = Buffer.alloc(5 + (n % 5), 0x90);
      call[0] = 0xe8;
      call.writeInt32LE(((n * 7919) % 65536) - n * 7, 1);
      return call;
    }),
  );
const inputs = { nothing: Buffer.alloc(0), byte: Buffer.from('a'), lines40: lines(40), zeros: Buffer.alloc(300_000) };

const xz = (flags, input) => execFileSync('xz', ['-cq', ...flags], { input, maxBuffer: 1 << 26 });
const cases = [];
function add(name, format, stream, plain, more = {}) {
  const sha256 = createHash('sha256').update(plain).digest('hex');
  cases.push({ name, format, stream: stream.toString('base64'), bytes: plain.length, sha256, ...more });
}

const FLAGS = [['-0'], ['-6'], ['-9e'], ['--check=none'], ['--check=crc32'], ['--check=sha256']];
for (const [name, plain] of Object.entries(inputs)) {
  for (const flags of FLAGS) add(`${name} ${flags.join(' ')}`, 'xz', xz(flags, plain), plain);
  for (const level of ['-0', '-9e']) add(`${name} ${level}`, 'lzma', xz(['--format=lzma', level], plain), plain);
}
const text = lines(900);
for (const bcj of ['x86', 'powerpc', 'ia64', 'arm', 'armthumb', 'sparc', 'arm64']) add(`filter ${bcj}`, 'xz', xz([`--${bcj}`, '--lzma2=preset=6'], text), text);
const code = calls(700);
add('calls, filter x86', 'xz', xz(['--x86', '--lzma2=preset=6'], code), code);
add('calls, filters x86 and delta', 'xz', xz(['--x86', '--delta=dist=2', '--lzma2=preset=6'], code), code);
add('filter delta', 'xz', xz(['--delta=dist=4', '--lzma2=preset=6'], text), text);
add('lc, lp and pb', 'xz', xz(['--lzma2=preset=6,lc=0,lp=4,pb=0'], text), text);
add('lc, lp and pb', 'lzma', xz(['--format=lzma', '--lzma1=preset=6,lc=1,lp=2,pb=3'], text), text);
add('blocks of 4096 bytes, sizes in the headers', 'xz', xz(['-T2', '--block-size=4096'], text), text, { blocks: Math.ceil(text.length / 4096) });
add('blocks of 4096 bytes, sizes in the index alone', 'xz', xz(['-T1', '--block-size=4096'], text), text, { blocks: Math.ceil(text.length / 4096) });
const [one, two] = [xz(['-6'], inputs.byte), xz(['-0', '--check=sha256'], inputs.lines40)];
add(
  'two streams, padding between and behind',
  'xz',
  Buffer.concat([one, Buffer.alloc(8), two, Buffer.alloc(4)]),
  Buffer.concat([inputs.byte, inputs.lines40]),
  { blocks: 2 },
);

const golden = {
  origin: execFileSync('xz', ['--version'], { encoding: 'utf8' }).trim(),
  inputs: 'see generate.mjs; sha256 and bytes are of the content',
  cases,
};
writeFileSync(new URL('golden.json', import.meta.url), `${JSON.stringify(golden, null, 1)}\n`);
