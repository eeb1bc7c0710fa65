/** What counting the bytes of a piece tells. */
export interface Statistics {
  /** Bits per byte of the bytes taken one by one (Shannon), 0 to 8. */
  readonly entropy: number;
  /** Share of the positions whose four bytes came before in the piece, 0 to 1. */
  readonly repetition: number;
  /** How often each byte comes; valid until the next call. */
  readonly counts: Int32Array;
}

/** Twice as many slots as there are positions: of those that repeat, four fifths are seen. */
const SLOT_BITS = 13;
/** 2^32 over the golden ratio: spreads (Knuth, TAOCP 6.4). */
const GOLDEN = 0x9e3779b1 | 0;
const counts = new Int32Array(256);
const slots = new Int32Array(2 ** SLOT_BITS);
/** Of `n` equal bytes among few, `n * log2(n)`: the sums of an entropy without logarithms. Longer pieces compute them. */
const N_LOG_N = Float64Array.from({ length: 4097 }, (_, n) => (n < 2 ? 0 : n * Math.log2(n)));

/** Entropy and repetition of a piece of at most a few KiB, in one pass. */
export function statisticsOf(piece: Uint8Array): Statistics {
  counts.fill(0);
  // Four zero bytes look like a slot that was never written: counted once too often at most.
  slots.fill(0);
  let window = 0;
  let repeated = 0;
  for (let i = 0; i < piece.length; i++) {
    const byte = piece[i] as number;
    counts[byte] = ((counts[byte] as number) + 1) | 0;
    window = (window << 8) | byte;
    const slot = Math.imul(window, GOLDEN) >>> (32 - SLOT_BITS);
    if (slots[slot] === window) repeated = (repeated + 1) | 0;
    slots[slot] = window;
  }
  return { entropy: entropyOf(counts, piece.length), repetition: piece.length < 8 ? 0 : repeated / piece.length, counts };
}

function entropyOf(counts: Int32Array, total: number): number {
  if (total === 0) return 0;
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const n = counts[byte] as number;
    sum += n <= 4096 ? (N_LOG_N[n] as number) : n * Math.log2(n);
  }
  return Math.max(0, Math.log2(total) - sum / total);
}

/**
 * Entropy that `bytes` random bytes show on average: fewer than all 256 values come equally often in a short piece. By the first term of Miller and Madow's correction, (256 - 1) / (2 n ln 2), which
 * is within 0.1 bits from 256 bytes on.
 */
export function entropyOfRandom(bytes: number): number {
  return Math.max(0, 8 - 255 / (2 * bytes * Math.LN2));
}
