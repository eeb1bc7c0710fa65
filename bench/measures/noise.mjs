// `node noise.mjs BYTES`: so many bytes that do not repeat, at the speed of a pipe: noise, and a counter over it that changes with each pass.
import { randomFillSync } from 'node:crypto';
import { writeSync } from 'node:fs';

const PASS_BYTES = 32 << 20;
const PIECE_BYTES = 1 << 20;
const noise = randomFillSync(new Uint32Array(PASS_BYTES / 4));
// Every fourth word is nothing but the counter, so that there is something to compress.
for (let i = 0; i < noise.length; i += 4) noise[i] = 0;
const piece = new Uint32Array(PIECE_BYTES / 4);
const bytes = new Uint8Array(piece.buffer);

let left = Number(process.argv[2]);
for (let pass = 0; left > 0; pass++) {
  const mask = Math.imul(pass, 0x9e3779b1);
  for (let at = 0; at < noise.length && left > 0; at += piece.length) {
    for (let i = 0; i < piece.length; i++) piece[i] = noise[at + i] ^ mask;
    const length = Math.min(left, PIECE_BYTES);
    for (let done = 0; done < length; ) done += writeSync(1, bytes, done, length - done);
    left -= length;
  }
}
