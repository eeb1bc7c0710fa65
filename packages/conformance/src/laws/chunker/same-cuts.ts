import type { Chunker, ChunkParameters } from '@chunker/core';
import { BrokenPromise } from '../../broken-promise.js';
import { outcomeOf } from '../../outcome.js';

/** Lengths of the chunks; undefined where chunking fails, which the law of covering the input reports. */
export async function cutsOf(chunker: Chunker, data: Uint8Array, call?: ChunkParameters): Promise<number[] | undefined> {
  const outcome = await outcomeOf(() => chunker.chunk(data, call));
  return outcome.ok ? [...outcome.value.lengths] : undefined;
}

/** Cuts by `nextCut` alone: core applies hints with it, and a hint that no cut can take changes nothing. */
export function byNextCut(chunker: Chunker, data: Uint8Array): Promise<number[] | undefined> {
  return cutsOf(chunker, data, { hints: { at: Float64Array.of(data.length + 1), toleranceBytes: 0 } });
}

/** Holds the cuts of one way to those of another; both may fail. */
export function expectSameCuts(what: string, expected: ArrayLike<number> | undefined, found: ArrayLike<number> | undefined): void {
  if (expected === undefined && found === undefined) return;
  if (expected === undefined || found === undefined)
    throw new BrokenPromise(`${what}: it ${found ? 'cuts' : 'fails'} where the plain call ${expected ? 'cuts' : 'fails'}`);
  const length = Math.max(expected.length, found.length);
  for (let i = 0, offset = 0; i < length; offset += expected[i] ?? 0, i++) {
    if (expected[i] === found[i]) continue;
    throw new BrokenPromise(`${what}: chunk ${i}, which starts at ${offset}, has ${found[i] ?? 'no'} bytes instead of ${expected[i] ?? 'none'}`);
  }
}
