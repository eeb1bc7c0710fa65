import type { CallParameters, Chunk, Chunker, ChunkParameters } from '@chunker/core';
import { asBytes, type Operation } from '../../operations.js';

export async function lengthsOfStream(source: AsyncIterable<Chunk>): Promise<number[]> {
  const lengths: number[] = [];
  for await (const chunk of source) lengths.push(chunk.length);
  return lengths;
}

/** Lengths of the chunks of pieces that are fed one by one. */
export function fedLengths(chunker: Chunker, pieces: Iterable<Uint8Array>, call?: ChunkParameters): number[] {
  const push = chunker.open(call);
  const lengths: number[] = [];
  for (const piece of pieces) for (const chunk of push.feed(piece)) lengths.push(chunk.length);
  for (const chunk of push.finish()) lengths.push(chunk.length);
  return lengths;
}

const door = (
  name: string,
  run: (chunker: Chunker, data: Uint8Array, call?: CallParameters) => Promise<Uint8Array> | Uint8Array,
  sync = false,
): Operation<'chunker'> => ({
  name,
  sync,
  input: (_chunker, sample) => Promise.resolve(sample.fresh()),
  run,
});

/** Every door of a chunker; its output is the chunks' lengths. */
export const CHUNKER_OPERATIONS: readonly Operation<'chunker'>[] = [
  door('chunk', async (chunker, data, call) => asBytes((await chunker.chunk(data, call)).lengths)),
  door('chunkSync', (chunker, data, call) => asBytes(chunker.chunkSync(data, call).lengths), true),
  door('chunkMany', async (chunker, data, call) => asBytes((await chunker.chunkMany([data], call))[0]?.lengths ?? [])),
  door('chunkStream', async (chunker, data, call) => asBytes(await lengthsOfStream(chunker.chunkStream([data], call)))),
  door('open, feed, finish', (chunker, data, call) => asBytes(fedLengths(chunker, [data], call)), true),
];
