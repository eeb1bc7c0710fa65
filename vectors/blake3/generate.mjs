// Writes golden.json with b3sum, the BLAKE3 team's own tool, as the other implementation: `node vectors/blake3/generate.mjs`.
// Lengths beyond the official vectors' 102 400 bytes, where subtrees of several threads and windows meet.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KEY = 'whats the Elvish word for friend';
const CONTEXT = 'chunker 2026-11-21 golden vectors context';
const OUTPUT_BYTES = 131;
const LENGTHS = [
  102_401, 131_071, 131_072, 131_073, 262_145, 1_048_575, 1_048_576, 1_048_577, 3_145_729, 4_194_303, 4_194_304, 4_194_305, 5_242_981, 16_777_293,
];

const work = mkdtempSync(join(tmpdir(), 'chunker-vectors-'));
const file = join(work, 'input');
const b3sum = (flags, input) => execFileSync('b3sum', ['--no-names', '--length', String(OUTPUT_BYTES), ...flags, file], { input, encoding: 'utf8' }).trim();

const cases = LENGTHS.map((inputLength) => {
  writeFileSync(
    file,
    Uint8Array.from({ length: inputLength }, (_, i) => i % 251),
  );
  return { inputLength, hash: b3sum([]), keyed_hash: b3sum(['--keyed'], KEY), derive_key: b3sum(['--derive-key', CONTEXT]) };
});
rmSync(work, { recursive: true });

const golden = {
  origin: execFileSync('b3sum', ['--version'], { encoding: 'utf8' }).trim(),
  input: 'bytes counting 0, 1, ... 250, 0, 1, ... for the length',
  key: KEY,
  context: CONTEXT,
  outputBytes: OUTPUT_BYTES,
  cases,
};
writeFileSync(new URL('golden.json', import.meta.url), `${JSON.stringify(golden, null, 1)}\n`);
