import { readFileSync } from 'node:fs';

// File names are bytes. Inside the command they are strings in which a byte that is no UTF-8 stands as the lone surrogate U+DC00 + byte (PEP 383, "surrogateescape"): every name has one string and every such
// string one name. JSON shows it as "\udcNN", and Python's json and os.fsencode read it back as it is.

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The string for a name. */
export function nameOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return escapeInvalid(bytes);
  }
}

/** A name as lists of sums have it: one line, whatever is in it. */
export function escaped(name: string): string {
  return name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** The bytes of a name; the inverse of `nameOf`. */
export function bytesOf(name: string): Uint8Array {
  if (!/[\ud800-\udfff]/.test(name)) return Buffer.from(name);
  const parts: Uint8Array[] = [];
  for (const character of name) {
    const code = character.codePointAt(0) as number;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - 0xdc00) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}

/** For a terminal: control characters and bytes that are no UTF-8 as `\xNN` or `\u{N}`, so that a name cannot move the cursor or hide. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu, (character) => {
    const code = character.codePointAt(0) as number;
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/**
 * The arguments as they were given. Node puts U+FFFD where an argument is no UTF-8, and the name is lost; Linux still has the bytes.
 */
export function exactArguments(given: readonly string[]): string[] {
  if (!given.some((argument) => argument.includes('\ufffd'))) return [...given];
  try {
    const line = readFileSync('/proc/self/cmdline');
    const all: string[] = [];
    for (let from = 0; from < line.length; ) {
      const to = line.indexOf(0, from);
      all.push(nameOf(line.subarray(from, to < 0 ? line.length : to)));
      from = to < 0 ? line.length : to + 1;
    }
    return given.length === 0 ? [] : all.slice(-given.length);
  } catch {
    return [...given];
  }
}

function escapeInvalid(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    const piece = bytes.subarray(i, i + Math.max(length, 1));
    text += length === 0 ? String.fromCharCode(0xdc00 + (bytes[i] as number)) : strict.decode(piece);
    i += piece.length;
  }
  return text;
}

/** Bytes of the well-formed UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return at + length <= bytes.length ? length : 0;
  } catch {
    return 0;
  }
}
