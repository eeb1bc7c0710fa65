/** Properties, dictionary size, content size; then LZMA data, whose first byte is zero. */
const HEADER_BYTES = 13;
const DICTIONARY_BYTES_MIN = 4096;
/** liblzma, too, takes larger declared sizes for another format's bytes. */
const PLAUSIBLE_CONTENT_BYTES = 2 ** 38;

/** Of the range coder's code, which follows the zero byte, the highest first. */
const CODE_BYTES = 4;
/** The first of them where an end mark comes first. */
const MARK_AT_ONCE = 0x83;

/** True where the data may well be `.lzma`: the header is one that encoders write, and the first symbol one that can stand there. The same rule as `recognise_lzma` of native/kernels/xz/src/lzma_engine.rs. */
export function recogniseLzma(head: Uint8Array): boolean {
  if (head.length <= HEADER_BYTES || head[HEADER_BYTES] !== 0) return false;
  const properties = head[0] as number;
  // (pb * 5 + lp) * 9 + lc, of which liblzma reads lc + lp up to 4.
  if (properties >= 225 || (properties % 9) + (Math.floor(properties / 9) % 5) > 4) return false;
  const view = new DataView(head.buffer, head.byteOffset, HEADER_BYTES);
  const [low, high] = [view.getUint32(5, true), view.getUint32(9, true)];
  const isUnknown = low === 0xffffffff && high === 0xffffffff;
  const content = isUnknown ? undefined : high * 2 ** 32 + low;
  return isDictionary(view.getUint32(1, true)) && (content ?? 0) < PLAUSIBLE_CONTENT_BYTES && beginsWithWhatCanBe(head.subarray(HEADER_BYTES + 1), content);
}

/** The code's first bit tells a literal from a match, and there is nothing yet to match: only a mark ends content that is empty. Without a mark nothing follows. */
function beginsWithWhatCanBe(code: Uint8Array, content: number | undefined): boolean {
  const first = code[0];
  if (first === undefined) return true;
  if (first >= 0x80) return first === MARK_AT_ONCE && (content ?? 0) === 0;
  return content !== 0 || code.length <= CODE_BYTES;
}

/** 2^n, 2^n + 2^(n-1), or the largest of all. */
function isDictionary(bytes: number): boolean {
  const isPower = (value: number) => Number.isInteger(Math.log2(value));
  return bytes >= DICTIONARY_BYTES_MIN && (bytes === 0xffffffff || isPower(bytes) || isPower(bytes / 3));
}
