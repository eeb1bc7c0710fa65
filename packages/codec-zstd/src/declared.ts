/**
 * The content size that the first header declares (RFC 8878, 3.1.1.1), or a negative number or NaN where it declares none below 4 GiB. Only a hint for memory: the decoder checks everything.
 */
export function declaredBytes(data: Uint8Array): number {
  if (data[0] !== 0x28 || data[1] !== 0xb5 || data[2] !== 0x2f || data[3] !== 0xfd) return -1;
  const descriptor = data[4] as number;
  const single = (descriptor & 0x20) !== 0;
  const dictionary = descriptor & 3;
  const at = 5 + (single ? 0 : 1) + (dictionary === 3 ? 4 : dictionary);
  const [a, b, c, d] = [data[at], data[at + 1], data[at + 2], data[at + 3]] as [number, number, number, number];
  const width = descriptor >> 6;
  if (width === 0) return single ? a : -1;
  if (width === 1) return a + b * 256 + 256;
  return width === 2 ? a + b * 256 + c * 65_536 + d * 16_777_216 : -1;
}
