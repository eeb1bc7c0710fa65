/** The first bytes in hex, with an ellipsis where there are more. */
export function hexOf(bytes: Uint8Array, limit = 16): string {
  const head = Array.from(bytes.subarray(0, limit), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > limit ? `${head} …` : head;
}

/** Offset of the first byte in which the two differ; their common length where one is the head of the other; -1 where they are equal. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) if (a[i] !== b[i]) return i;
  return a.length === b.length ? -1 : common;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && firstDifference(a, b) === -1;
}

/** Says how `found` departs from `expected`, for people. */
export function difference(expected: Uint8Array, found: Uint8Array): string {
  const at = firstDifference(expected, found);
  if (at === -1) return 'no difference';
  const from = Math.max(0, at - 4);
  return `${expected.length} bytes expected, ${found.length} found; they differ from byte ${at}: …${hexOf(expected.subarray(from), 12)} expected, …${hexOf(found.subarray(from), 12)} found`;
}

/** Overwrites every byte with something else than it was. */
export function scribble(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = ~(bytes[i] as number);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
