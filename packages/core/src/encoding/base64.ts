/* Base64 by RFC 4648, section 4: with padding, nothing else tolerated. Twelve bits become two characters by one look-up. */
import { checkBytes, checkText, refused, valuesOf } from './refuse.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = valuesOf(ALPHABET);
let pairs: string[] | undefined;

/** Base64 with padding (RFC 4648, section 4). */
export const base64 = {
  encode(bytes: Uint8Array): string {
    checkBytes(bytes);
    pairs ??= Array.from({ length: 4096 }, (_, bits) => `${ALPHABET[bits >> 6]}${ALPHABET[bits & 63]}`);
    let text = '';
    let index = 0;
    for (; index + 3 <= bytes.length; index += 3) {
      const bits = ((bytes[index] as number) << 16) | ((bytes[index + 1] as number) << 8) | (bytes[index + 2] as number);
      text += (pairs[bits >> 12] as string) + (pairs[bits & 4095] as string);
    }
    const left = bytes.length - index;
    if (left === 1) text += `${pairs[(bytes[index] as number) << 4]}==`;
    if (left === 2) {
      const bits = ((bytes[index] as number) << 8) | (bytes[index + 1] as number);
      text += `${pairs[bits >> 4]}${ALPHABET[(bits & 15) << 2]}=`;
    }
    return text;
  },

  /** Throws `invalid_encoding` for foreign characters, wrong length or padding, and bits left over that are not zero. */
  decode(text: string): Uint8Array {
    checkText('base64', text);
    if (text.length % 4 !== 0) throw refused('base64', 'the length is no multiple of 4');
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    const digits = text.length - padding;
    const bytes = new Uint8Array((text.length / 4) * 3 - padding);
    let written = 0;
    let bits = 0;
    let held = 0;
    for (let index = 0; index < digits; index++) {
      const value = VALUES[text.charCodeAt(index)] ?? 255;
      if (value === 255) throw refused('base64', 'not a character of base64', index);
      bits = ((bits << 6) | value) & 0xffff;
      held += 6;
      if (held < 8) continue;
      held -= 8;
      bytes[written++] = (bits >> held) & 255;
    }
    if ((bits & ((1 << held) - 1)) !== 0) throw refused('base64', 'bits are left over', digits - 1);
    return bytes;
  },
};
