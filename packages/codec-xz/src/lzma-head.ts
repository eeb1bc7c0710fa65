/*
 * The first symbols of LZMA data, decoded as far as they are there (lzma-specification.txt of the LZMA SDK): what is not LZMA soon repeats what was never there. For recognition alone; a slow and
 * obvious decoder, of a few kilobytes.
 */

/** Output after which data are believed. */
const ENOUGH_BYTES = 1 << 12;
/** The longest match. */
const MATCH_BYTES_MAX = 273;
const END_MARK = 0xffffffff;

// Where probabilities of each kind stand.
const IS_MATCH = 0;
const IS_REP = 192;
const IS_REP_G0 = 204;
const IS_REP_G1 = 216;
const IS_REP_G2 = 228;
const IS_REP0_LONG = 240;
const SLOT = 432;
const SPECIAL = 688;
const ALIGN = 803;
const LENGTH = 819;
const REP_LENGTH = 1333;
const LITERAL = 1847;

/** The range coder. Behind the end of the data it answers zeros. */
class Bits {
  readonly #data: Uint8Array;
  readonly #odds: Uint16Array;
  #range = 0xffffffff;
  #code = 0;
  #at: number;
  /** The data were not long enough for what was read. */
  ended = false;

  constructor(data: Uint8Array, literals: number) {
    this.#data = data;
    this.#odds = new Uint16Array(LITERAL + 0x300 * literals).fill(1024);
    this.#at = 1;
    for (let i = 0; i < 4; i++) this.#code = this.#code * 256 + this.#byte();
  }

  #byte(): number {
    const byte = this.#data[this.#at++];
    if (byte === undefined) this.ended = true;
    return byte ?? 0;
  }

  #widen(): void {
    if (this.#range >= 2 ** 24) return;
    this.#range *= 256;
    this.#code = (this.#code * 256 + this.#byte()) % 2 ** 32;
  }

  bit(index: number): number {
    this.#widen();
    const odds = this.#odds[index] as number;
    const bound = (this.#range >>> 11) * odds;
    if (this.#code < bound) {
      this.#range = bound;
      this.#odds[index] = odds + ((2048 - odds) >> 5);
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    this.#odds[index] = odds - (odds >> 5);
    return 1;
  }

  /** Bits of even odds, the highest first. */
  direct(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      this.#widen();
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      this.#code -= bit * this.#range;
      value = value * 2 + bit;
    }
    return value;
  }

  /** `count` bits, the highest first, the odds of each by those before it. */
  tree(index: number, count: number): number {
    let node = 1;
    for (let i = 0; i < count; i++) node = node * 2 + this.bit(index + node);
    return node - 2 ** count;
  }

  /** The same, the lowest first. */
  reverseTree(index: number, count: number): number {
    let [node, value] = [1, 0];
    for (let i = 0; i < count; i++) {
      const bit = this.bit(index + node);
      node = node * 2 + bit;
      value += bit * 2 ** i;
    }
    return value;
  }

  length(index: number, position: number): number {
    if (this.bit(index) === 0) return 2 + this.tree(index + 2 + position * 8, 3);
    if (this.bit(index + 1) === 0) return 10 + this.tree(index + 130 + position * 8, 3);
    return 18 + this.tree(index + 258, 8);
  }

  distance(length: number): number {
    const slot = this.tree(SLOT + Math.min(length - 2, 3) * 64, 6);
    if (slot < 4) return slot;
    const count = (slot >> 1) - 1;
    const base = (2 + (slot & 1)) * 2 ** count;
    if (slot < 14) return base + this.reverseTree(SPECIAL + base - slot, count);
    return base + this.direct(count - 4) * 16 + this.reverseTree(ALIGN, 4);
  }
}

/** The decoder as far as it has come. */
class Head {
  readonly #bits: Bits;
  readonly #output = new Uint8Array(ENOUGH_BYTES + MATCH_BYTES_MAX);
  readonly #properties: { readonly lc: number; readonly lp: number; readonly pb: number };
  #written = 0;
  #state = 0;
  #reps: [number, number, number, number] = [0, 0, 0, 0];

  constructor(data: Uint8Array, properties: number) {
    const [lc, lp, pb] = [properties % 9, Math.floor(properties / 9) % 5, Math.floor(properties / 45)];
    this.#properties = { lc, lp, pb };
    this.#bits = new Bits(data, 2 ** (lc + lp));
  }

  /** False where a symbol cannot be; `content` is the length of all, where it is told. */
  isPossible(content = Number.POSITIVE_INFINITY): boolean {
    while (this.#written < ENOUGH_BYTES) {
      const length = this.#symbol();
      if (this.#bits.ended) return true;
      if (length === END_MARK) return content === Number.POSITIVE_INFINITY || content === this.#written;
      // States from 7 on are those behind matches.
      const isMatch = this.#state >= 7;
      if (this.#written + length > content || (isMatch && this.#reps[0] >= this.#written)) return false;
      if (isMatch) this.#copy(length);
      this.#written += length;
      if (this.#written === content) return true;
    }
    return true;
  }

  /** Bytes that it gives; of a literal the byte is there already. */
  #symbol(): number {
    const bits = this.#bits;
    const state = this.#state;
    const position = this.#written & (2 ** this.#properties.pb - 1);
    if (bits.bit(IS_MATCH + state * 16 + position) === 0) return this.#literal();
    if (bits.bit(IS_REP + state) === 0) {
      const length = bits.length(LENGTH, position);
      const distance = bits.distance(length);
      this.#reps = [distance, this.#reps[0], this.#reps[1], this.#reps[2]];
      this.#state = state < 7 ? 7 : 10;
      return distance === END_MARK ? END_MARK : length;
    }
    if (bits.bit(IS_REP_G0 + state) === 0) {
      if (bits.bit(IS_REP0_LONG + state * 16 + position) === 0) {
        this.#state = state < 7 ? 9 : 11;
        return 1;
      }
    } else {
      const [first, second, third, fourth] = this.#reps;
      if (bits.bit(IS_REP_G1 + state) === 0) this.#reps = [second, first, third, fourth];
      else if (bits.bit(IS_REP_G2 + state) === 0) this.#reps = [third, first, second, fourth];
      else this.#reps = [fourth, first, second, third];
    }
    this.#state = state < 7 ? 8 : 11;
    return bits.length(REP_LENGTH, position);
  }

  #literal(): number {
    const { lc, lp } = this.#properties;
    const before = this.#written === 0 ? 0 : (this.#output[this.#written - 1] as number);
    const index = LITERAL + 0x300 * ((this.#written & (2 ** lp - 1)) * 2 ** lc + (before >> (8 - lc)));
    let symbol = 1;
    if (this.#state >= 7) {
      // Behind a match the byte is another than the one that would have gone on with it: until they differ its bits are odds, too.
      let expected = this.#output[this.#written - this.#reps[0] - 1] as number;
      for (let same = true; same && symbol < 0x100; expected *= 2) {
        const likely = (expected >> 7) & 1;
        const bit = this.#bits.bit(index + 0x100 * (1 + likely) + symbol);
        symbol = symbol * 2 + bit;
        same = bit === likely;
      }
    }
    while (symbol < 0x100) symbol = symbol * 2 + this.#bits.bit(index + symbol);
    this.#output[this.#written] = symbol - 0x100;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
    return 1;
  }

  #copy(length: number): void {
    const from = this.#written - this.#reps[0] - 1;
    for (let i = 0; i < length; i++) this.#output[this.#written + i] = this.#output[from + i] as number;
  }
}

/** Whether `data`, LZMA data from their zero byte on or the head of such, can be decoded as far as they are there. */
export function isLzmaHead(data: Uint8Array, properties: number, content: number | undefined): boolean {
  return new Head(data, properties).isPossible(content);
}
