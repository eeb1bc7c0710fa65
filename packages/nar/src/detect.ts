import { MAGIC } from './grammar.js';

/** Length and text of the first string. Its padding tells no other format: where that is not zero, it is a broken archive, and whoever parses it says so. */
const TOLD_BY = MAGIC.subarray(0, 8 + 'nix-archive-1'.length);

/** True when data that begin so are a NAR, or were meant to be one: the first 21 bytes tell. */
export function isNar(head: Uint8Array): boolean {
  return head.length >= TOLD_BY.length && TOLD_BY.every((byte, i) => head[i] === byte);
}
