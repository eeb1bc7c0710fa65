/** Properties, dictionary size, content size; then LZMA data, whose first byte is zero. */
const HEADER_BYTES = 13;
const DICTIONARY_BYTES_MIN = 4096;
/** liblzma, too, takes larger declared sizes for another format's bytes. */
const PLAUSIBLE_CONTENT_BYTES = 2 ** 38;

/** True where the data may well be `.lzma`: the header is one that encoders write. The same rule as `recognise_lzma` of native/kernels/xz/src/lzma_engine.rs. */
export function recogniseLzma(head: Uint8Array): boolean {
  if (head.length <= HEADER_BYTES || head[HEADER_BYTES] !== 0) return false;
  const properties = head[0] as number;
  // (pb * 5 + lp) * 9 + lc, of which liblzma reads lc + lp up to 4.
  if (properties >= 225 || (properties % 9) + (Math.floor(properties / 9) % 5) > 4) return false;
  const view = new DataView(head.buffer, head.byteOffset, HEADER_BYTES);
  const [low, high] = [view.getUint32(5, true), view.getUint32(9, true)];
  const isUnknown = low === 0xffffffff && high === 0xffffffff;
  return isDictionary(view.getUint32(1, true)) && (isUnknown || high * 2 ** 32 + low < PLAUSIBLE_CONTENT_BYTES);
}

/** 2^n, 2^n + 2^(n-1), or the largest of all. */
function isDictionary(bytes: number): boolean {
  const isPower = (value: number) => Number.isInteger(Math.log2(value));
  return bytes >= DICTIONARY_BYTES_MIN && (bytes === 0xffffffff || isPower(bytes) || isPower(bytes / 3));
}
