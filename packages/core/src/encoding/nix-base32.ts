/*
 * Nix's base 32 (nix: src/libutil/hash.cc, printHash32/parseHash32): the bytes are one number, little end first, written in digits of five bits, the highest first; no e, o, t, u. Five bytes
 * are exactly eight digits, so whole groups of 40 bits go by table, two digits per look-up, into one small buffer that becomes text at once; a byte loop does the rest.
 */
import { kindOfValue } from '../bytes/arrays.js';
import { RegistryError } from '../errors/index.js';
import { checkBytes, checkText, refused, valuesOf } from './refuse.js';

const ALPHABET = '0123456789abcdfghijklmnpqrsvwxyz';
const VALUES = valuesOf(ALPHABET);
const NAME = 'nix-base32';

/** Text is made in pieces of this many digits: a multiple of a group, and little enough for a call's arguments. */
const PIECE_DIGITS = 4096;

/** Two digits for ten bits, as the two characters lie in memory. */
const PAIRS = new Uint16Array(Uint8Array.from({ length: 2048 }, (_, index) => ALPHABET.charCodeAt(index % 2 === 0 ? index >> 6 : (index >> 1) & 31)).buffer);

const digits = new Uint16Array(PIECE_DIGITS / 2);
const characters = new Uint8Array(digits.buffer);

interface Latin1 {
  latin1Slice(start: number, end: number): string;
}

// Buffers read single bytes as text faster than anything that browsers have.
const latin1 = typeof globalThis.Buffer === 'function' ? (globalThis.Buffer.from(digits.buffer) as unknown as Partial<Latin1>) : undefined;
const textOf: (start: number) => string =
  typeof latin1?.latin1Slice === 'function'
    ? (start) => (latin1 as Latin1).latin1Slice(start, PIECE_DIGITS)
    : (start) => String.fromCharCode.apply(null, characters.subarray(start) as unknown as number[]);

/** The base 32 of Nix's store paths and hashes. */
export const nixBase32 = {
  encode(bytes: Uint8Array): string {
    checkBytes(bytes);
    return encode(bytes);
  },

  /** Digests of `digestLength` bytes each, one behind the other, as texts. */
  encodeMany(digests: Uint8Array, digestLength: number): string[] {
    checkBytes(digests);
    checkDigestLength(digestLength, digests.length);
    return Array.from({ length: digests.length / digestLength }, (_, index) => encode(digests.subarray(index * digestLength, (index + 1) * digestLength)));
  },

  /** Throws `invalid_encoding` for foreign characters, for lengths that no number of bytes has, and for bits beyond the last byte. */
  decode(text: string): Uint8Array {
    checkText(NAME, text);
    const length = Math.floor((text.length * 5) / 8);
    if (Math.ceil((length * 8) / 5) !== text.length) throw refused(NAME, `no number of bytes has ${text.length} digits`);
    const bytes = new Uint8Array(length);
    decodeInto(text, bytes, 0, length);
    return bytes;
  },

  /** Texts of digests of `digestLength` bytes each; the digests one behind the other. Throws what `decode` throws. */
  decodeMany(texts: readonly string[], digestLength: number): Uint8Array {
    checkDigestLength(digestLength, 0);
    if (!Array.isArray(texts)) throw new RegistryError('invalid_input', { name: 'texts', value: kindOfValue(texts), expected: 'a list of texts' });
    const bytes = new Uint8Array(texts.length * digestLength);
    const length = Math.ceil((digestLength * 8) / 5);
    for (let index = 0; index < texts.length; index++) {
      const text = texts[index] as string;
      checkText(NAME, text);
      if (text.length !== length) throw refused(NAME, `${text.length} digits are no ${digestLength} bytes`);
      decodeInto(text, bytes, index * digestLength, digestLength);
    }
    return bytes;
  },
};

function checkDigestLength(digestLength: number, total: number): void {
  if (Number.isSafeInteger(digestLength) && digestLength >= 1 && total % digestLength === 0) return;
  throw new RegistryError('invalid_input', { name: 'digestLength', value: String(digestLength), expected: 'a whole number that divides the bytes' });
}

function encode(bytes: Uint8Array): string {
  const rest = bytes.length % 5;
  let text = '';
  let at = PIECE_DIGITS / 2;
  for (let index = 0; index < bytes.length - rest; index += 5) {
    if (at === 0) {
      text = textOf(0) + text;
      at = PIECE_DIGITS / 2;
    }
    const middle = bytes[index + 2] as number;
    const low = (bytes[index] as number) | ((bytes[index + 1] as number) << 8) | ((middle & 15) << 16);
    const high = (middle >> 4) | ((bytes[index + 3] as number) << 4) | ((bytes[index + 4] as number) << 12);
    at -= 4;
    digits[at] = PAIRS[high >> 10] as number;
    digits[at + 1] = PAIRS[high & 1023] as number;
    digits[at + 2] = PAIRS[low >> 10] as number;
    digits[at + 3] = PAIRS[low & 1023] as number;
  }
  // The digits in front, fewer than a group; a full buffer is made text first.
  if (at < 4 && rest > 0) {
    text = textOf(2 * at) + text;
    at = PIECE_DIGITS / 2;
  }
  return textOf(encodeRest(bytes, bytes.length - rest, rest, 2 * at)) + text;
}

/** Writes the digits of the highest bytes, fewer than five, in front of `end`; returns where they begin. */
function encodeRest(bytes: Uint8Array, from: number, rest: number, end: number): number {
  let at = end;
  let bits = 0;
  let held = 0;
  for (let index = from; index < from + rest; index++) {
    bits |= (bytes[index] as number) << held;
    for (held += 8; held >= 5; held -= 5) {
      characters[--at] = ALPHABET.charCodeAt(bits & 31);
      bits >>>= 5;
    }
  }
  if (held > 0) characters[--at] = ALPHABET.charCodeAt(bits);
  return at;
}

function decodeInto(text: string, bytes: Uint8Array, from: number, length: number): void {
  const rest = length % 5;
  let at = text.length;
  let seen = 0;
  for (let index = from; index < from + length - rest; index += 5) {
    at -= 8;
    const a = valueAt(text, at);
    const b = valueAt(text, at + 1);
    const c = valueAt(text, at + 2);
    const d = valueAt(text, at + 3);
    const e = valueAt(text, at + 4);
    const f = valueAt(text, at + 5);
    const g = valueAt(text, at + 6);
    const h = valueAt(text, at + 7);
    seen |= a | b | c | d | e | f | g | h;
    bytes[index] = h | (g << 5);
    bytes[index + 1] = (g >> 3) | (f << 2) | (e << 7);
    bytes[index + 2] = (e >> 1) | (d << 4);
    bytes[index + 3] = (d >> 4) | (c << 1) | (b << 6);
    bytes[index + 4] = (b >> 2) | (a << 3);
  }
  let bits = 0;
  let held = 0;
  let index = from + length - rest;
  while (at > 0) {
    const value = valueAt(text, --at);
    seen |= value;
    bits |= value << held;
    held += 5;
    if (held < 8) continue;
    bytes[index++] = bits;
    bits >>>= 8;
    held -= 8;
  }
  // A foreign character's value is 255: more than any digit's.
  if (seen > 31) throw refused(NAME, 'not a digit', text.search(/[^0-9a-df-np-sv-z]/));
  if (bits !== 0) throw refused(NAME, 'bits are left over', 0);
}

function valueAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? (VALUES[code] as number) : 255;
}
