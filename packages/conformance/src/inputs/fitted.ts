import type { AlgorithmKind, Chunker } from '@chunker/core';
import fc from 'fast-check';
import type { Faces, Inputs } from '../law.js';
import { samples } from './samples.js';
import { powersOfTwo, sizes } from './sizes.js';
import { splits } from './splits.js';

const COMMON = powersOfTwo(2, 4096);
/** Where block formats end their blocks, and core its copies and small jobs. */
const LARGE = [32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 131_072, 131_073];

/** Generators for an algorithm: around sizes where codecs and hashes change their way, around the sizes that a chunker declares. */
export function inputsFor<Kind extends AlgorithmKind>(kind: Kind, algorithm: Faces[Kind]): Inputs {
  if (kind === 'chunker') return forChunker(algorithm as Chunker);
  const data = samples(sizes([...COMMON, ...LARGE], 300));
  return {
    share: 1,
    data,
    long: samples(
      sizes([1 << 20, (1 << 20) + 1, 1_400_000], 1).map((size) => size + (1 << 20)),
      0,
    ),
    short: samples(fc.nat(120), 32),
    split: splits(),
  };
}

/** Bytes of one input at most, so that chunkers of many MiB do not take minutes; their first cuts are seen all the same. */
const MOST_BYTES = 24 << 20;

/** Chunks above this size make a run dear: fewer of them, but never none. */
const DEAR_BYTES = 131_072;
const LEAST_SHARE = 0.08;

function forChunker(chunker: Chunker): Inputs {
  const { minSize, targetSize, maxSize, reach } = chunker;
  const around = [minSize, targetSize, maxSize, reach].flatMap((size) => [size - 1, size, size + 1]);
  const boundaries = [0, 1, 2, ...around, 2 * maxSize, 3 * maxSize + 7, 2 * reach + 1].filter((size) => size <= MOST_BYTES);
  // Several windows of small chunkers; of large ones, mostly the first cuts.
  const data = samples(sizes(boundaries, maxSize <= 65_536 ? 2 * maxSize : 3 * targetSize));
  const long = samples(sizes([reach, reach + 1, reach + 64], 1).map((size) => Math.max(size, reach + (size % 97))));
  return { share: Math.min(1, Math.max(LEAST_SHARE, DEAR_BYTES / maxSize)), data, long, short: samples(fc.nat(200), 48), split: splits(around) };
}
