import { isLzmaHead } from './lzma-head.js';

/** Properties, dictionary size, content size; then LZMA data, whose first byte is zero. */
const HEADER_BYTES = 13;
const DICTIONARY_BYTES_MIN = 4096;
/** liblzma, too, takes larger declared sizes for another format's bytes. */
const PLAUSIBLE_CONTENT_BYTES = 2 ** 38;

/** Less is no `.lzma`: the range coder's code has four bytes behind the zero byte. */
const BYTES_MIN = HEADER_BYTES + 5;

/** True where the data may well be `.lzma`: the header is one that encoders write, and what follows can be decoded as far as it is there. */
export function recogniseLzma(head: Uint8Array): boolean {
  if (head.length <= HEADER_BYTES || head[HEADER_BYTES] !== 0) return false;
  const properties = head[0] as number;
  // (pb * 5 + lp) * 9 + lc, of which liblzma reads lc + lp up to 4.
  if (properties >= 225 || (properties % 9) + (Math.floor(properties / 9) % 5) > 4) return false;
  const view = new DataView(head.buffer, head.byteOffset, HEADER_BYTES);
  const [low, high] = [view.getUint32(5, true), view.getUint32(9, true)];
  const isUnknown = low === 0xffffffff && high === 0xffffffff;
  const content = isUnknown ? undefined : high * 2 ** 32 + low;
  if (!isDictionary(view.getUint32(1, true)) || (content ?? 0) >= PLAUSIBLE_CONTENT_BYTES) return false;
  // No content, and no mark to say so.
  if (content === 0 && head.length <= BYTES_MIN) return true;
  return isLzmaHead(head.subarray(HEADER_BYTES), properties, content);
}

/** 2^n, 2^n + 2^(n-1), or the largest of all. */
function isDictionary(bytes: number): boolean {
  const isPower = (value: number) => Number.isInteger(Math.log2(value));
  return bytes >= DICTIONARY_BYTES_MIN && (bytes === 0xffffffff || isPower(bytes) || isPower(bytes / 3));
}
