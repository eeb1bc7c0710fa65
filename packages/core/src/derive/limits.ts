import type { DecodeLimits } from '../contracts/index.js';
import { CompressionError } from '../errors/index.js';

/** The limits of one decoding. */
export class OutputLimits implements DecodeLimits {
  readonly maxOutputBytes: number;
  readonly maxMemoryBytes: number;
  readonly #algorithm: string;

  constructor(algorithm: string, maxOutputBytes: number, maxMemoryBytes: number) {
    this.#algorithm = algorithm;
    this.maxOutputBytes = maxOutputBytes;
    this.maxMemoryBytes = maxMemoryBytes;
  }

  claim(bytes: number): void {
    // NaN and negative sizes come from damaged headers read without care: they fit into no limit.
    if (!(bytes >= 0 && bytes <= this.maxOutputBytes)) throw this.exceeded(bytes);
  }

  exceeded(declared?: number): CompressionError<'size_exceeded'> {
    const known = declared !== undefined && Number.isFinite(declared) && declared >= 0;
    return new CompressionError('size_exceeded', {
      algorithm: this.#algorithm,
      operation: 'decompress',
      limit: this.maxOutputBytes,
      ...(known ? { declared } : {}),
    });
  }

  /** The same with at most `bytes` of output. */
  within(bytes: number): OutputLimits {
    return new OutputLimits(this.#algorithm, Math.min(bytes, this.maxOutputBytes), this.maxMemoryBytes);
  }
}
