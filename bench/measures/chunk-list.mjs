// The chunk list of a file through the pipeline: read and cut, nothing else.
import fastcdc from '@chunker/chunking-fastcdc/plugin';
import { Registry } from '@chunker/core';
import { pipeline } from '@chunker/pipeline';

const registry = Registry.of(...fastcdc);

/** Lengths of all chunks of `file`. */
export async function chunkLengths(file, options) {
  const lengths = [];
  for await (const batch of pipeline(registry).chunk('fastcdc', options).run({ file }).batches()) lengths.push(...batch.lengths);
  return Uint32Array.from(lengths);
}
