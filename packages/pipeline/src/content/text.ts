/** Bytes that no text has: controls besides tab, line feed, form feed, carriage return, backspace and escape. */
const CONTROLS: readonly number[] = Array.from({ length: 32 }, (_, byte) => byte).filter((byte) => ![8, 9, 10, 12, 13, 27].includes(byte));

/** The encoding of a piece of text, or undefined for what is none. A character cut off at the end is no fault. */
export function textEncodingOf(piece: Uint8Array, counts: Int32Array): 'utf-8' | 'utf-16le' | 'utf-16be' | undefined {
  if (piece.length === 0) return undefined;
  if (piece[0] === 0xff && piece[1] === 0xfe) return isUtf16(piece, 1) ? 'utf-16le' : undefined;
  if (piece[0] === 0xfe && piece[1] === 0xff) return isUtf16(piece, 0) ? 'utf-16be' : undefined;
  const zeros = counts[0] as number;
  if (zeros > piece.length / 4) {
    if (isUtf16(piece, 1)) return 'utf-16le';
    return isUtf16(piece, 0) ? 'utf-16be' : undefined;
  }
  for (const control of CONTROLS) if (counts[control] !== 0) return undefined;
  return isAscii(counts) || isUtf8(piece) ? 'utf-8' : undefined;
}

/** Where most characters are Latin, the half that is high (1: every second byte) is zero, and the other is no control. */
function isUtf16(piece: Uint8Array, high: 0 | 1): boolean {
  const units = piece.length >> 1;
  let latin = 0;
  for (let i = 0; i < units; i++) {
    const [top, low] = [piece[2 * i + high] as number, piece[2 * i + 1 - high] as number];
    if (top !== 0) continue;
    if (low < 32 && CONTROLS.includes(low)) return false;
    latin += 1;
  }
  return units > 1 && latin * 2 > units;
}

function isAscii(counts: Int32Array): boolean {
  for (let byte = 128; byte < 256; byte++) if (counts[byte] !== 0) return false;
  return true;
}

function isUtf8(piece: Uint8Array): boolean {
  for (let i = 0; i < piece.length; i++) {
    const first = piece[i] as number;
    if (first < 0x80) continue;
    const more = first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 0;
    if (more === 0) {
      // A chunk may begin within a character.
      if (i < 3 && first < 0xc0) continue;
      return false;
    }
    for (let k = 1; k <= more && i + k < piece.length; k++) if (((piece[i + k] as number) & 0xc0) !== 0x80) return false;
    i += more;
  }
  return true;
}
