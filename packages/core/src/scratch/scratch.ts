import type { AlgorithmKind, Scratch } from '../contracts/index.js';
import { areaError } from '../errors/areas.js';
import { RegistryError } from '../errors/index.js';

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

// Registered: a scratch made by one copy of core serves algorithms of another.
const BUSY: unique symbol = Symbol.for('chunker.scratch.busy');

interface Kept {
  readonly value: unknown;
  readonly bytes: number;
}

/** Core's scratch: a small cache in order of use, that serves one call at a time. */
class BoundedScratch implements Scratch {
  readonly maxBytes: number;
  bytes = 0;
  [BUSY] = false;
  // A Map iterates in order of insertion: taking an entry out and putting it back makes it the youngest.
  readonly #kept = new Map<object, Kept>();

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

/** Takes the scratch for one call; returns what gives it back. */
export function borrowScratch(kind: AlgorithmKind, algorithm: string, operation: string, scratch: Scratch): () => void {
  if (scratch === null || typeof scratch !== 'object' || !(BUSY in scratch)) {
    throw areaError(kind, 'invalid_input', { algorithm, operation, name: 'scratch', expected: 'what createScratch returns' });
  }
  const taken = scratch as Scratch & { [BUSY]: boolean };
  if (taken[BUSY]) throw areaError(kind, 'scratch_in_use', { algorithm, operation });
  taken[BUSY] = true;
  return () => {
    taken[BUSY] = false;
  };
}
