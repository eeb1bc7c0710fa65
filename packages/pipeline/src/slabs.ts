import { type Slab, SlabPool } from '@chunker/core/slabs';

export type { Slab };

/** Slabs of the few sizes that a run uses, and what is out at its end. */
export class Slabs {
  readonly #pools = new Map<number, SlabPool>();

  take(bytes: number): Slab {
    let pool = this.#pools.get(bytes);
    if (pool === undefined) {
      pool = new SlabPool({ slabBytes: bytes });
      this.#pools.set(bytes, pool);
    }
    return pool.acquire();
  }

  /** Ends all that are in use: nothing may read or write them any more. */
  dispose(): void {
    for (const pool of this.#pools.values()) pool.dispose();
    this.#pools.clear();
  }
}
