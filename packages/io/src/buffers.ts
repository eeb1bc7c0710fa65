// How much is read at a time. Nothing here is Node's: pipelines use it in browsers as well.
import { IoError } from '@chunker/core';

/** Reads are multiples of this: a page, and the block of nearly every file system. */
export const BLOCK_BYTES = 4096;

/** Windows that grow from little to as much as the chunks are worth. All of it in bytes. */
export interface AdaptiveBuffers {
  readonly strategy: 'adaptive';
  /** The first window is the chunker's smallest chunk, 64 KiB where that is more, and never less than this; 4 KiB to 64 MiB, default 4 KiB. */
  readonly min?: number;
  /** No window is larger; default `windowBytes`. */
  readonly max?: number;
  /** How much larger each window is than the one before, until it is large enough; above 1 to 16, default 2. */
  readonly growthFactor?: number;
}

/**
 * How memory for reading is laid out. `fixed` (default): windows of `windowBytes`, made when they are first needed; the fastest for what is larger than a few windows. `adaptive`: a small first window, so that the first
 * chunks come soon and a short input takes little, then larger ones up to `max`, as many bytes as sixteen chunks on average of the last ones. `preallocated`: windows of `windowBytes`, all made and touched before the first read, so that none is
 * made while it runs.
 */
export type BufferStrategy = { readonly strategy: 'fixed' } | AdaptiveBuffers | { readonly strategy: 'preallocated' };

/** A strategy with everything filled in and checked. */
export interface ResolvedBuffers {
  readonly strategy: BufferStrategy['strategy'];
  readonly min: number;
  /** The largest window. */
  readonly max: number;
  readonly growthFactor: number;
}

/** Says how large each window is. */
export interface WindowSizer {
  /** Room of the next window: a multiple of 4 KiB, unless windows of another size were asked for, or the input begins inside a block. */
  next(): number;
  /** Hears the lengths of the chunks that were cut. */
  cut(lengths: Uint32Array): void;
}

const MOST_BYTES = 64 * 1024 * 1024;
/** More than this at first would keep the first chunks waiting. */
const FIRST_BYTES = 64 * 1024;
/** Chunks that the average is taken of. */
const REMEMBERED = 256;
/** Smaller windows mean more turns of the event loop for each chunk, larger ones only more memory: with chunks of 1 MiB the cap comes first anyway. */
const CHUNKS_PER_WINDOW = 16;
/** The average of so many lengths is off by a few hundredths where they spread like FastCDC's: a change of less than a quarter says nothing. */
const SETTLED = 1.25;

/** Checks a strategy and fills it in; `windowBytes` is what windows have where it names nothing else. Throws `invalid_input`. */
export function resolveBuffers(given: BufferStrategy | undefined, windowBytes: number): ResolvedBuffers {
  checkBytes('windowBytes', windowBytes, 1);
  const { strategy } = given ?? { strategy: 'fixed' };
  if (strategy === 'fixed' || strategy === 'preallocated') return { strategy, min: windowBytes, max: windowBytes, growthFactor: 1 };
  if (strategy !== 'adaptive') throw unusable('buffers.strategy', strategy, 'fixed, adaptive or preallocated');
  const { min = BLOCK_BYTES, max = windowBytes, growthFactor = 2 } = given as AdaptiveBuffers;
  checkBytes('buffers.min', min, BLOCK_BYTES);
  checkBytes('buffers.max', max, min);
  if (!(growthFactor > 1 && growthFactor <= 16)) throw unusable('buffers.growthFactor', growthFactor, 'a number above 1, at most 16');
  return { strategy, min: inBlocks(min), max: inBlocks(max), growthFactor };
}

/**
 * The sizes of one input's windows. `smallestChunk`: of the chunker, where one cuts them. `position`: the byte of a file that the first window begins with; where that is inside a block, this window ends with one, so that all
 * later ones begin with one.
 */
export function windowSizer(buffers: ResolvedBuffers, smallestChunk = Number.POSITIVE_INFINITY, position = 0): WindowSizer {
  const sizer = buffers.strategy === 'adaptive' ? new AdaptiveSizer(buffers, smallestChunk) : { next: () => buffers.max, cut: () => {} };
  let inside = buffers.max % BLOCK_BYTES === 0 ? position % BLOCK_BYTES : 0;
  if (inside === 0) return sizer;
  const next = () => {
    const room = sizer.next() - inside;
    inside = 0;
    return room;
  };
  return { next, cut: (lengths) => sizer.cut(lengths) };
}

/** So many bytes rounded up to blocks. */
export function inBlocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Makes so much memory as `take` gives, so many times, touches each page, and gives it back to be used: the system has none to find later. A turn of the event loop for each. */
export async function preallocate(count: number, take: () => { readonly bytes: Uint8Array; end(): void }): Promise<void> {
  const made: { end(): void }[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const slab = take();
      made.push(slab);
      for (let at = 0; at < slab.bytes.length; at += BLOCK_BYTES) slab.bytes[at] = 0;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  } finally {
    for (const slab of made) slab.end();
  }
}

class AdaptiveSizer implements WindowSizer {
  readonly #buffers: ResolvedBuffers;
  #size: number;
  /** What windows grow to, or shrink to. */
  #goal: number;
  readonly #lengths = new Float64Array(REMEMBERED);
  #seen = 0;
  #sum = 0;

  constructor(buffers: ResolvedBuffers, smallestChunk: number) {
    this.#buffers = buffers;
    this.#size = this.#within(Math.min(smallestChunk, FIRST_BYTES));
    this.#goal = buffers.max;
  }

  next(): number {
    const size = this.#size;
    const { growthFactor } = this.#buffers;
    if (size < this.#goal) this.#size = Math.min(this.#goal, inBlocks(size * growthFactor));
    else if (size > this.#goal) this.#size = Math.max(this.#goal, inBlocks(size / growthFactor));
    return size;
  }

  cut(lengths: Uint32Array): void {
    const knewLittle = this.#seen < REMEMBERED;
    // Of a window of many chunks the last ones are all that the average keeps.
    for (let i = Math.max(0, lengths.length - REMEMBERED); i < lengths.length; i++) {
      const at = this.#seen % REMEMBERED;
      this.#sum += (lengths[i] as number) - (this.#lengths[at] as number);
      this.#lengths[at] = lengths[i] as number;
      this.#seen += 1;
    }
    if (this.#seen === 0) return;
    const wanted = this.#within((CHUNKS_PER_WINDOW * this.#sum) / Math.min(this.#seen, REMEMBERED));
    // The first average of as many as there can be is a better guess than those before it, however near.
    const knowsMore = knewLittle && this.#seen >= REMEMBERED;
    if (knowsMore || wanted > this.#goal * SETTLED || wanted * SETTLED < this.#goal) this.#goal = wanted;
  }

  #within(bytes: number): number {
    return Math.min(this.#buffers.max, Math.max(this.#buffers.min, inBlocks(bytes)));
  }
}

function checkBytes(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > MOST_BYTES) throw unusable(name, value, `an integer from ${least} to ${MOST_BYTES}`);
}

function unusable(name: string, value: unknown, expected: string): Error {
  return new IoError('invalid_input', { name, value: String(value).slice(0, 100), expected });
}
