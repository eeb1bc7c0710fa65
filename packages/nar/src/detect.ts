import { MAGIC } from './grammar.js';

/** True when data that begin so are a NAR: the first 24 bytes tell. */
export function isNar(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && MAGIC.every((byte, i) => head[i] === byte);
}
