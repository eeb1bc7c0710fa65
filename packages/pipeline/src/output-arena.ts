import type { Slab, Slabs } from './slabs.js';

/** Memory for one result, in a slab shared with others. */
export interface OutputSpace {
  readonly bytes: Uint8Array;
  /** Views of it are empty some time after this. */
  release(): void;
}

/** A few results of chunks of the usual size. */
const SLAB_BYTES = 4 * 1024 * 1024;
/** Slabs are made of pages of this size: more room than asked for costs address space only. */
const STEP_BYTES = 2 * 1024 * 1024;

interface Shelf {
  readonly slab: Slab;
  used: number;
  holds: number;
}

/**
 * Room for compressed bytes. Fresh memory per result would cost page faults worth a twentieth of zstd's time, so slabs are used again. Results that nobody sees get a slab each, which serves the next result
 * as soon as they are released; all have room for the largest result, for with slabs of several sizes there would soon be as many of each as jobs run.
 * Results that go out in views share slabs, filled from the start to the end and ended when the last is released.
 */
export class OutputArena {
  readonly #slabs: Slabs;
  #largest: number;
  #shelf: Shelf | undefined;
  readonly #shelves = new Set<Shelf>();

  /** `largest` is what results take at most, as far as that is known. */
  constructor(slabs: Slabs, largest: number) {
    this.#slabs = slabs;
    this.#largest = largest;
  }

  /** `bytes` bytes; what they hold is not defined. */
  take(bytes: number): OutputSpace {
    if (this.#slabs.keeps) {
      this.#largest = Math.max(this.#largest, bytes);
      const slab = this.#slabs.take(Math.ceil(this.#largest / STEP_BYTES) * STEP_BYTES);
      return { bytes: slab.bytes.subarray(0, bytes), release: () => slab.end() };
    }
    const shelf = this.#shelfFor(bytes);
    const from = shelf.used;
    shelf.used += Math.ceil(bytes / 64) * 64;
    shelf.holds += 1;
    return { bytes: shelf.slab.bytes.subarray(from, from + bytes), release: () => this.#leave(shelf) };
  }

  /** Ends all slabs, whoever still holds a view. */
  dispose(): void {
    for (const shelf of this.#shelves) shelf.slab.end();
    this.#shelves.clear();
    this.#shelf = undefined;
  }

  #shelfFor(bytes: number): Shelf {
    const current = this.#shelf;
    if (current !== undefined && current.used + bytes <= current.slab.bytes.length) return current;
    const shelf = { slab: this.#slabs.take(Math.max(SLAB_BYTES, Math.ceil(bytes / STEP_BYTES) * STEP_BYTES)), used: 0, holds: 0 };
    this.#shelves.add(shelf);
    this.#shelf = shelf;
    if (current !== undefined && current.holds === 0) this.#end(current);
    return shelf;
  }

  #leave(shelf: Shelf): void {
    shelf.holds -= 1;
    if (shelf.holds === 0) this.#end(shelf);
  }

  #end(shelf: Shelf): void {
    if (!this.#shelves.delete(shelf)) return;
    if (this.#shelf === shelf) this.#shelf = undefined;
    shelf.slab.end();
  }
}
