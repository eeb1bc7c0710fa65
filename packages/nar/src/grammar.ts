// The strings of the format, by docs/formats/nar.md: length as 64 bits little-endian, bytes, zeros up to a multiple of 8.

const encoder = new TextEncoder();

/** Words as the strings that they are in an archive, one behind the other. */
export function tokens(...texts: readonly string[]): Uint8Array {
  return concat(
    texts.map((text) => {
      const bytes = encoder.encode(text);
      const token = new Uint8Array(8 + bytes.length + padding(bytes.length));
      token[0] = bytes.length;
      token.set(bytes, 8);
      return token;
    }),
  );
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Zero bytes behind a string of this length. */
export function padding(length: number): number {
  return (8 - (length % 8)) % 8;
}

/** An archive begins with these 24 bytes. */
export const MAGIC = tokens('nix-archive-1');
