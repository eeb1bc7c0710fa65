import { RegistryError } from '../errors/index.js';
import { Places } from '../scope/places.js';

/** Memory of one size that is used again and again. */
export interface Slab {
  /** The slab's memory, a plain Uint8Array of its whole length. Empty after `end`. */
  readonly bytes: Uint8Array;
  /** Detaches `bytes` and every view of it, and gives the memory back to its pool. Ending twice is nothing. */
  end(): void;
}

/** Memory below the pool: from the native room, where an addon is loaded, so that native code reads slabs without a copy. */
export interface SlabMemory {
  /** Fresh memory of `bytes` bytes, or undefined where there is none to be had. `end` detaches its views and frees it, or keeps it for the next. */
  take(bytes: number): { readonly bytes: Uint8Array; end(): void } | undefined;
}

const MEMORY = Symbol.for('chunker.slab-memory');

/** Called by the native border when it is there: pools made before and after take their next slabs from it. */
export function offerSlabMemory(memory: SlabMemory): void {
  (globalThis as Record<PropertyKey, unknown>)[MEMORY] ??= memory;
}

function nativeMemory(): SlabMemory | undefined {
  return (globalThis as Record<PropertyKey, unknown>)[MEMORY] as SlabMemory | undefined;
}

const DEFAULT_SLAB_BYTES = 4 * 1024 * 1024;

/** What a pool is told. */
export interface SlabPoolSettings {
  /** Default 4 MiB. */
  readonly slabBytes?: number;
  /** Slabs in use at once; one more is `buffer_limit_exceeded`. Default: no bound. */
  readonly maxSlabs?: number;
}

/** Slabs of one size. Without native memory they are plain buffers that are transferred away when they end: the transferred memory serves the next slab. */
export class SlabPool {
  readonly slabBytes: number;
  readonly #maxSlabs: number;
  readonly #free: ArrayBuffer[] = [];
  readonly #used = new Places<Slab>();
  #disposed = false;

  constructor({ slabBytes = DEFAULT_SLAB_BYTES, maxSlabs = Number.POSITIVE_INFINITY }: SlabPoolSettings = {}) {
    if (!Number.isSafeInteger(slabBytes) || slabBytes < 1) {
      throw new RegistryError('invalid_input', { name: 'slabBytes', value: String(slabBytes), expected: 'a whole number from 1' });
    }
    this.slabBytes = slabBytes;
    this.#maxSlabs = maxSlabs;
  }

  /** Slabs that were acquired and have not ended. */
  get used(): number {
    return this.#used.size;
  }

  /** A slab of `slabBytes` bytes. What it holds at first is unspecified. Throws `buffer_limit_exceeded`. */
  acquire(): Slab {
    if (this.#disposed) throw new RegistryError('already_finished', { operation: 'acquire' });
    if (this.#used.size >= this.#maxSlabs) {
      throw new RegistryError('buffer_limit_exceeded', { attempted: (this.#used.size + 1) * this.slabBytes, limit: this.#maxSlabs * this.slabBytes });
    }
    return this.#fromNative() ?? this.#fromHeap();
  }

  /** Ends every slab that is still in use, and lets go of the memory. */
  dispose(): void {
    this.#disposed = true;
    for (const slab of this.#used.all()) slab.end();
    this.#free.length = 0;
  }

  #fromNative(): Slab | undefined {
    const memory = nativeMemory()?.take(this.slabBytes);
    if (memory === undefined) return undefined;
    return this.#slab(memory.bytes, () => memory.end());
  }

  #fromHeap(): Slab {
    const buffer = this.#free.pop() ?? new ArrayBuffer(this.slabBytes);
    return this.#slab(new Uint8Array(buffer), () => {
      const moved = transferred(buffer);
      if (!this.#disposed && moved.byteLength === this.slabBytes) this.#free.push(moved);
    });
  }

  #slab(bytes: Uint8Array, end: () => void): Slab {
    let ended = false;
    const slab: Slab = {
      bytes,
      end: () => {
        if (ended) return;
        ended = true;
        this.#used.remove(place);
        end();
      },
    };
    const place = this.#used.add(slab);
    return slab;
  }
}

/** The same memory under a new buffer; the old one is detached with all its views. */
function transferred(buffer: ArrayBuffer): ArrayBuffer {
  const { transfer } = buffer as { transfer?: () => ArrayBuffer };
  // Node 20 has no `transfer`; a structured clone moves a plain buffer just as well (not an external one: those are the native border's).
  return transfer === undefined ? structuredClone(buffer, { transfer: [buffer] }) : transfer.call(buffer);
}
