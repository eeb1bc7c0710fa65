import { checkBytes, checkText, refused, valuesOf } from './refuse.js';

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const VALUES = valuesOf('0123456789abcdef');
for (let value = 10; value < 16; value++) VALUES[0x41 + value - 10] = value;

/** Hexadecimal: written in lower case, read in either. */
export const hex = {
  encode(bytes: Uint8Array): string {
    checkBytes(bytes);
    let text = '';
    for (let index = 0; index < bytes.length; index++) text += PAIRS[bytes[index] as number];
    return text;
  },

  /** Throws `invalid_encoding` for an odd number of digits and for anything that is no digit. */
  decode(text: string): Uint8Array {
    checkText('hex', text);
    if (text.length % 2 !== 0) throw refused('hex', 'the number of digits is odd');
    const bytes = new Uint8Array(text.length / 2);
    for (let index = 0; index < bytes.length; index++) bytes[index] = (digit(text, 2 * index) << 4) | digit(text, 2 * index + 1);
    return bytes;
  },
};

function digit(text: string, offset: number): number {
  const value = VALUES[text.charCodeAt(offset)] ?? 255;
  if (value === 255) throw refused('hex', 'not a hexadecimal digit', offset);
  return value;
}
