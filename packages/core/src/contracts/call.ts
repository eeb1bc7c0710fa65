import type { Handles } from './algorithm.js';

/**
 * Reusable state of one task: encoder contexts, tables, buffers. Never shared by two calls at once: core answers `scratch_in_use`. `maxBytes` bounds it; what was used
 * longest ago is dropped first.
 */
export interface Scratch {
  readonly bytes: number;
  readonly maxBytes: number;
  /** The state kept under `key`, made on first use. `bytes` is what it weighs. */
  keep<T>(key: object, create: () => T, bytes: number): T;
  clear(): void;
}

/** What core hands to a kernel with every call. */
export interface Call {
  /** Aborted calls end soon and reject with `signal.reason` itself. */
  readonly signal?: AbortSignal | undefined;
  readonly scratch?: Scratch | undefined;
  /** The keys and dictionaries the algorithm was taken with. The same object for every call of one taking, so kernels may cache by it. */
  readonly handles: Handles;
  /** The caller promises that the buffers are fixed and stay untouched until the call settles: they may be read and written by other threads. */
  readonly inPlace?: boolean | undefined;
  /** What the native executor needs to be fair: the queue of the registry, and how urgent this call is (higher goes first). */
  readonly queue?: number | undefined;
  readonly priority?: number | undefined;
}

/** Limits of one decoding. */
export interface DecodeLimits {
  readonly maxOutputBytes: number;
  /** Window, dictionary and tables of the decoder. */
  readonly maxMemoryBytes: number;
  /** Throws `size_exceeded` when `bytes` of output would be over the limit: to be called before they are allocated. */
  claim(bytes: number): void;
}

/** What core hands to a decoding kernel. */
export interface DecodeCall extends Call {
  /** Bytes after the end of the data are left alone instead of refused as `trailing_data`. */
  readonly allowTrailing: boolean;
  readonly limits: DecodeLimits;
}
