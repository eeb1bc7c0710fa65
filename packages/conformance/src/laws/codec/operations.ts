import type { CallParameters, Codec } from '@chunker/core';
import { concat } from '../../bytes.js';
import type { Sample } from '../../inputs/sample.js';
import type { Operation } from '../../operations.js';
import { type Outcome, outcomeOf } from '../../outcome.js';

/** What the codec makes of a sample; undefined where it fails, which the law of the round trip reports. */
export async function packed(codec: Codec, sample: Sample): Promise<Uint8Array | undefined> {
  const outcome = await outcomeOf(() => codec.compress(sample.fresh()));
  return outcome.ok ? outcome.value.slice() : undefined;
}

/** Room for whatever compressing `bytes` bytes gives; a bound that is too low is another law's affair. */
export function roomFor(codec: Codec, bytes: number): number {
  return Math.max(codec.compressBound(bytes), 2 * bytes) + 256;
}

/** What compressed bytes mean, so that two compressed forms of one input count as equal; of a deterministic codec, the bytes themselves. */
export async function meaningOf(codec: Codec, compressed: Outcome<Uint8Array>): Promise<Outcome<Uint8Array>> {
  if (!compressed.ok || codec.guarantees.deterministic === true) return compressed;
  return outcomeOf(() => codec.decompress(compressed.value.slice()));
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece.slice());
  return concat(...pieces);
}

type Run = Operation<'codec'>['run'];

const plainInput = (_codec: Codec, sample: Sample): Promise<Uint8Array> => Promise.resolve(sample.fresh());
const unpacked = (codec: Codec, output: Uint8Array) => codec.decompress(output.slice());

const compressing = (name: string, run: Run, sync = false): Operation<'codec'> => ({ name, sync, input: plainInput, run, meaning: unpacked });
const decompressing = (name: string, run: Run, sync = false): Operation<'codec'> => ({ name, sync, input: packed, run });

/** Every door of a codec. */
export const CODEC_OPERATIONS: readonly Operation<'codec'>[] = [
  compressing('compress', (codec, data, call) => codec.compress(data, call)),
  compressing('compressSync', (codec, data, call) => codec.compressSync(data, call), true),
  compressing('compressInto', (codec, data, call) => into(codec, data, call)),
  compressing('compressMany', async (codec, data, call) => (await codec.compressMany([data], call)).at(0)),
  compressing('compressStream', (codec, data, call) => collect(codec.compressStream([data], call))),
  decompressing('decompress', (codec, data, call) => codec.decompress(data, call)),
  decompressing('decompressSync', (codec, data, call) => codec.decompressSync(data, call), true),
  decompressing('decompressInto', (codec, data, call) => outOf(codec, data, call)),
  decompressing('decompressMany', async (codec, data, call) => (await codec.decompressMany([data], call)).at(0)),
  decompressing('decompressStream', (codec, data, call) => collect(codec.decompressStream([data], call))),
];

async function into(codec: Codec, data: Uint8Array, call?: CallParameters): Promise<Uint8Array> {
  const output = new Uint8Array(roomFor(codec, data?.length ?? 0));
  return output.subarray(0, await codec.compressInto(data, output, call));
}

/** Larger than any sample: the door itself is looked at, not its limits. */
const AMPLE = 1 << 20;

async function outOf(codec: Codec, data: Uint8Array, call?: CallParameters): Promise<Uint8Array> {
  const output = new Uint8Array(AMPLE);
  return output.slice(0, await codec.decompressInto(data, output, call));
}
