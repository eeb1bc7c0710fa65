import type { KernelKind } from '@chunker/core';

/** How an algorithm is held to its laws. */
export interface LawSettings {
  /** Options to take it with; default: its own defaults. Chunkers are checked quickest with small sizes. */
  readonly options?: object;
  /** Keys and dictionaries to take it with. */
  readonly handles?: Readonly<Record<string, Uint8Array>>;
  /** Kernels to check; one that does not work here is then a failure. Default: every kernel that works here. */
  readonly kernels?: readonly KernelKind[];
  /** Laws to check, by id; default all that the algorithm promises. */
  readonly only?: string | readonly string[];
  /** Makes a run repeatable; told with every counterexample. Default: another one each time. */
  readonly seed?: number;
  /** Inputs per law, more or less: a law whose inputs are dear takes fewer. Default 100. */
  readonly runs?: number;
  /** Where a counterexample was found (told with it); only with `seed` and one law. */
  readonly path?: string;
  /** Milliseconds that a law may take before it stops with the inputs it saw. Default 15 000. */
  readonly lawMilliseconds?: number;
}

export const DEFAULT_RUNS = 100;
export const DEFAULT_LAW_MILLISECONDS = 15_000;
/** One input that takes longer than this has hung: the law fails instead of waiting for ever. */
export const INPUT_MILLISECONDS = 30_000;
