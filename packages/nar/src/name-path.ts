/** The names from the root to the node at hand, in one growing piece of memory: `a/b/c`. The root has none; names of its entries have level 1. */
export class NamePath {
  #bytes = new Uint8Array(256);
  /** Where the name of each level ends; at level 0 before the first byte, as if a slash stood there. Below the level of `open`: -1, no name yet. */
  readonly #ends: number[] = [-1];

  /** A directory begins, whose entries have this level. */
  open(level: number): void {
    this.#ends[level] = -1;
  }

  /**
   * Puts a name in place of the one before at this level, if it is greater; then the answer is above 0. Else it is 0 (they are equal) or below, and nothing changes.
   */
  put(level: number, bytes: Uint8Array, from: number, to: number): number {
    const start = (this.#ends[level - 1] as number) + 1;
    const end = this.#ends[level] as number;
    if (end >= 0) {
      const order = this.#compare(bytes, from, to, start, end);
      if (order <= 0) return order;
    }
    const after = start + to - from;
    if (after > this.#bytes.length) this.#grow(after);
    if (level > 1) this.#bytes[start - 1] = SLASH;
    // Most names are shorter than the call of `set` is long.
    const kept = this.#bytes;
    for (let i = from, at = start; i < to; i++, at++) kept[at] = bytes[i] as number;
    this.#ends[level] = after;
    return 1;
  }

  /** The name at a level; empty at level 0. A view. */
  name(level: number): Uint8Array {
    if (level === 0) return this.#bytes.subarray(0, 0);
    return this.#bytes.subarray((this.#ends[level - 1] as number) + 1, Math.max(0, this.#ends[level] as number));
  }

  /** The path down to a level, or to the one above where it has no name yet. A copy. */
  path(level: number): Uint8Array {
    const end = this.#ends[level] as number;
    return this.#bytes.slice(0, Math.max(0, end >= 0 || level === 0 ? end : (this.#ends[level - 1] as number)));
  }

  #compare(bytes: Uint8Array, from: number, to: number, start: number, end: number): number {
    const kept = this.#bytes;
    const shared = Math.min(to - from, end - start);
    for (let i = 0; i < shared; i++) {
      const difference = (bytes[from + i] as number) - (kept[start + i] as number);
      if (difference !== 0) return difference;
    }
    return to - from - (end - start);
  }

  #grow(bytes: number): void {
    const grown = new Uint8Array(Math.max(bytes, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

const SLASH = 0x2f;
