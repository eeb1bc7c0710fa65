import { type Slab, SlabPool } from '@chunker/core/slabs';

export type { Slab };

/**
 * Slabs of the few sizes that a run uses, and what is out at its end. Where no view of them reaches the caller they are used again as they are (`keep`): ending and making a buffer costs a
 * microsecond, and the garbage collector, which counts its bytes as new each time, far more.
 */
export class Slabs {
  /** No view reaches the caller: slabs are used again as they are. */
  readonly keeps: boolean;
  readonly #pools = new Map<number, SlabPool>();
  readonly #kept = new Map<number, Slab[]>();

  constructor(keep: boolean) {
    this.keeps = keep;
  }

  take(bytes: number): Slab {
    const kept = this.#kept.get(bytes)?.pop();
    return kept === undefined ? this.#fresh(bytes) : this.#lend(kept);
  }

  #fresh(bytes: number): Slab {
    let pool = this.#pools.get(bytes);
    if (pool === undefined) {
      pool = new SlabPool({ slabBytes: bytes });
      this.#pools.set(bytes, pool);
    }
    const slab = pool.acquire();
    return this.keeps ? this.#lend(slab) : slab;
  }

  /** Ending what is lent, once or twice, makes it spare. */
  #lend(slab: Slab): Slab {
    let lent = true;
    const end = () => {
      if (lent) this.#spare(slab.bytes.length).push(slab);
      lent = false;
    };
    return { bytes: slab.bytes, end };
  }

  /** Ends all that are in use or kept: nothing may read or write them any more. */
  dispose(): void {
    this.#kept.clear();
    for (const pool of this.#pools.values()) pool.dispose();
    this.#pools.clear();
  }

  #spare(bytes: number): Slab[] {
    const spare = this.#kept.get(bytes) ?? [];
    this.#kept.set(bytes, spare);
    return spare;
  }
}
