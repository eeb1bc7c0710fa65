import type { AlgorithmKind, Scratch } from '../contracts/index.js';
import { areaError } from '../errors/areas.js';
import { RegistryError } from '../errors/index.js';
import type { Holding, MemoryBudget } from '../memory/budget.js';

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

// Registered: a scratch made by one copy of core serves algorithms of another.
const BUSY: unique symbol = Symbol.for('chunker.scratch.busy');

interface Kept {
  readonly value: unknown;
  readonly bytes: number;
}

/** A scratch that nobody holds any more gives its part of the budget back. */
const gone = new FinalizationRegistry<Holding>((holding) => holding.end());

/** Core's scratch: a small cache in order of use, that serves one call at a time. */
class BoundedScratch implements Scratch {
  readonly maxBytes: number;
  bytes = 0;
  [BUSY] = false;
  // A Map iterates in order of insertion: taking an entry out and putting it back makes it the youngest.
  readonly #kept = new Map<object, Kept>();
  #memory: MemoryBudget | undefined;
  #holding: Holding | undefined;
  #counted = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  keep<T>(key: object, create: () => T, bytes: number): T {
    const known = this.#kept.get(key);
    if (known !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known.value as T;
    }
    const value = create();
    const weight = Number.isFinite(bytes) && bytes > 0 ? bytes : 0;
    // What alone is over the bound is made each time: better slow than without bound.
    if (weight > this.maxBytes) return value;
    this.#kept.set(key, { value, bytes: weight });
    this.bytes += weight;
    for (const [oldest, entry] of this.#kept) {
      if (this.bytes <= this.maxBytes) break;
      if (oldest !== key) this.#drop(oldest, entry);
    }
    return value;
  }

  clear(): void {
    for (const [key, entry] of this.#kept) this.#drop(key, entry);
    this.#count();
  }

  /** What it holds counts in the budget of the registry that used it last, which may have it cleared between two calls. */
  countIn(memory: MemoryBudget): void {
    if (memory !== this.#memory && this.bytes > 0) this.#join(memory);
    this.#count();
  }

  #join(memory: MemoryBudget): void {
    this.#holding?.end();
    // The budget must not keep it alive.
    const self = new WeakRef(this);
    const holding = memory.hold({
      shrink: () => {
        const scratch = self.deref();
        if (scratch !== undefined && !scratch[BUSY]) scratch.clear();
      },
    });
    gone.register(this, holding);
    [this.#memory, this.#holding, this.#counted] = [memory, holding, 0];
  }

  #count(): void {
    if (this.bytes === this.#counted) return;
    this.#counted = this.bytes;
    this.#holding?.set(this.bytes);
  }

  #drop(key: object, entry: Kept): void {
    this.#kept.delete(key);
    this.bytes -= entry.bytes;
    try {
      (entry.value as { dispose?: () => void } | null | undefined)?.dispose?.();
    } catch {
      // Dropping is housekeeping inside somebody else's call; that call must not fail for it.
    }
  }
}

/**
 * Makes a scratch: reusable state that calls of one task hand from one to the next (`codec.compress(data, { scratch })`). It holds at most `maxBytes` (default 64 MiB), what was used longest ago is
 * dropped first. Two calls at once with one scratch are refused by `scratch_in_use`.
 */
export function createScratch(maxBytes: number = DEFAULT_MAX_BYTES): Scratch {
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0) {
    throw new RegistryError('invalid_input', { name: 'maxBytes', value: String(maxBytes), expected: 'a whole number of bytes' });
  }
  return new BoundedScratch(maxBytes);
}

/** Scratches that tasks hand on to one another. */
export interface ScratchPool {
  /** Works with a scratch that nobody else uses meanwhile: one that was used before, where one is free. */
  use<T>(work: (scratch: Scratch) => Promise<T>): Promise<T>;
  /** Lets go of all that are free. */
  clear(): void;
}

/** What a pool of scratches is told. */
export interface ScratchPoolSettings {
  /** Scratches that are kept while they are free; default 8. */
  readonly maxScratches?: number;
  /** Of each; default 64 MiB. */
  readonly maxBytes?: number;
}

/** Makes a pool of scratches for tasks that run beside one another. It bounds what is kept, not how many are in use: those are as many as there are tasks. */
export function createScratchPool({ maxScratches = 8, maxBytes }: ScratchPoolSettings = {}): ScratchPool {
  if (!Number.isSafeInteger(maxScratches) || maxScratches < 0) {
    throw new RegistryError('invalid_input', { name: 'maxScratches', value: String(maxScratches), expected: 'a whole number' });
  }
  createScratch(maxBytes);
  const free: Scratch[] = [];
  return {
    async use(work) {
      const scratch = free.pop() ?? createScratch(maxBytes);
      try {
        return await work(scratch);
      } finally {
        if (free.length < maxScratches) free.push(scratch);
        else scratch.clear();
      }
    },
    clear() {
      for (const scratch of free.splice(0)) scratch.clear();
    },
  };
}

/** Takes the scratch for one call; returns what gives it back. */
export function borrowScratch(kind: AlgorithmKind, algorithm: string, operation: string, scratch: Scratch, memory: MemoryBudget): () => void {
  if (scratch === null || typeof scratch !== 'object' || !(BUSY in scratch)) {
    throw areaError(kind, 'invalid_input', { algorithm, operation, name: 'scratch', expected: 'what createScratch returns' });
  }
  const taken = scratch as Scratch & { [BUSY]: boolean };
  if (taken[BUSY]) throw areaError(kind, 'scratch_in_use', { algorithm, operation });
  taken[BUSY] = true;
  return () => {
    taken[BUSY] = false;
    if (scratch instanceof BoundedScratch) scratch.countIn(memory);
  };
}
