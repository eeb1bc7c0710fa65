// Writes golden.json with sha256sum of GNU coreutils as the other implementation: `node vectors/sha256/generate.mjs`.
// Lengths around blocks, and beyond the CAVP vectors' 6 400 bytes, where slices of an incremental hash meet.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const LENGTHS = [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 4096, 65_535, 65_536, 65_537, 1_048_575, 1_048_576, 1_048_577, 5_242_981];

const cases = LENGTHS.map((inputLength) => {
  const input = Uint8Array.from({ length: inputLength }, (_, i) => i % 251);
  return { inputLength, hash: execFileSync('sha256sum', { input, encoding: 'utf8' }).slice(0, 64) };
});
const golden = {
  origin: execFileSync('sha256sum', ['--version'], { encoding: 'utf8' }).split('\n')[0],
  input: 'bytes counting 0, 1, ... 250, 0, 1, ... for the length',
  cases,
};
writeFileSync(new URL('golden.json', import.meta.url), `${JSON.stringify(golden, null, 1)}\n`);
