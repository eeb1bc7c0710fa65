import type { Awaitable, DecodeLimits } from '../contracts/index.js';
import { isThenable } from '../bytes/results.js';
import { CompressionError, isChunkerError } from '../errors/index.js';
import type { MemoryBudget } from '../memory/budget.js';

/** The limits of one decoding: the caller's, and for results in memory those of the memory budget where they are lower. */
export class OutputLimits implements DecodeLimits {
  readonly maxOutputBytes: number;
  readonly maxMemoryBytes: number;
  readonly #algorithm: string;
  readonly #budget: MemoryBudget | undefined;
  /** The budget's limit that stands in for the caller's, which is higher. */
  readonly #scope: 'budget' | 'buffer' | undefined;

  constructor(algorithm: string, maxOutputBytes: number, maxMemoryBytes: number, budget?: MemoryBudget) {
    const { hard, buffer } = budget?.limits ?? { hard: Number.POSITIVE_INFINITY, buffer: Number.POSITIVE_INFINITY };
    this.#algorithm = algorithm;
    this.#budget = budget;
    this.#scope = Math.min(hard, buffer) >= maxOutputBytes ? undefined : hard < buffer ? 'budget' : 'buffer';
    this.maxOutputBytes = Math.min(maxOutputBytes, hard, buffer);
    this.maxMemoryBytes = Math.min(maxMemoryBytes, hard);
  }

  claim(bytes: number): void {
    // NaN and negative sizes come from damaged headers read without care: they fit into no limit.
    if (!(bytes >= 0 && bytes <= this.maxOutputBytes)) throw this.exceeded(bytes);
  }

  exceeded(declared?: number): CompressionError<'size_exceeded' | 'memory_limit_exceeded'> {
    const known = declared !== undefined && Number.isFinite(declared) && declared >= 0;
    if (this.#scope !== undefined) {
      const facts = { algorithm: this.#algorithm, operation: 'decompress', scope: this.#scope, limit: this.maxOutputBytes };
      return new CompressionError('memory_limit_exceeded', { ...facts, ...(known ? { needed: declared } : {}) });
    }
    return new CompressionError('size_exceeded', {
      algorithm: this.#algorithm,
      operation: 'decompress',
      limit: this.maxOutputBytes,
      ...(known ? { declared } : {}),
    });
  }

  /** The same with at most `bytes` of output. */
  within(bytes: number): OutputLimits {
    return new OutputLimits(this.#algorithm, Math.min(bytes, this.maxOutputBytes), this.maxMemoryBytes, this.#budget);
  }

  /** Work of a kernel that knows one limit only: to be over the budget's means another thing than to be over the caller's. */
  named<T>(work: () => Awaitable<T>): () => Awaitable<T> {
    if (this.#scope === undefined) return work;
    const rename = (thrown: unknown): never => {
      const ours = isChunkerError(thrown, 'size_exceeded') && thrown.details.limit === this.maxOutputBytes;
      throw ours ? this.exceeded(thrown.details.declared) : thrown;
    };
    return () => {
      try {
        const result = work();
        return isThenable(result) ? Promise.resolve(result).then(undefined, rename) : result;
      } catch (thrown) {
        return rename(thrown);
      }
    };
  }
}
