import type { AlgorithmKind, CallParameters } from '@chunker/core';
import type { Sample } from './inputs/sample.js';
import type { Faces } from './law.js';

/**
 * One door of an algorithm: bytes in, bytes out. Laws about buffers, signals and calls side by side are the same for every door of every kind, so they are written once over
 * these.
 */
export interface Operation<Kind extends AlgorithmKind> {
  readonly name: string;
  readonly sync?: boolean;
  /** What the door is given for a sample; undefined where the algorithm cannot make it (another law says so). */
  input(algorithm: Faces[Kind], sample: Sample): Promise<Uint8Array | undefined>;
  run(algorithm: Faces[Kind], input: Uint8Array, call?: CallParameters): Uint8Array | Promise<Uint8Array>;
  /** What the output means: two compressed forms may differ and say the same. Default: the output itself. */
  meaning?(algorithm: Faces[Kind], output: Uint8Array): Promise<Uint8Array>;
}

/** The doors that can be used: `Sync` twins are there only where the kernel can answer at once. */
export function usable<Kind extends AlgorithmKind>(operations: readonly Operation<Kind>[], algorithm: Faces[Kind]): readonly Operation<Kind>[] {
  return algorithm.capabilities.sync ? operations : operations.filter((operation) => operation.sync !== true);
}

/** Lengths as bytes, so that cut points go through the same laws: the array's own bytes where there is one. */
export function asBytes(lengths: ArrayLike<number>): Uint8Array {
  const words = lengths instanceof Uint32Array ? lengths : Uint32Array.from(lengths);
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
