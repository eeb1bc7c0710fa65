import type { AlgorithmKind, Chunker, Codec, Hash } from '@chunker/core';
import { sameBytes } from '../bytes.js';
import type { Faces } from '../law.js';

/** What is timed of an algorithm: `run` does the work on `input` once. `bytes` are those of the plain data, for every operation. */
export interface Work {
  readonly operation: string;
  readonly bytes: number;
  run(): unknown;
}

/** Thrown where the outputs are wrong: then nothing is timed. */
export class WrongOutput extends Error {
  override get name(): string {
    return 'WrongOutput';
  }
}

function holds(right: boolean, algorithm: { readonly name: string; readonly kernel: string }, what: string): void {
  if (!right) throw new WrongOutput(`${algorithm.name} (${algorithm.kernel} kernel) ${what}: it is not timed`);
}

async function ofCodec(codec: Codec, data: Uint8Array): Promise<Work[]> {
  const packed = await codec.compress(data);
  holds(sameBytes(data, await codec.decompress(packed)), codec, 'does not give back what it compressed');
  return [
    { operation: 'compress', bytes: data.length, run: () => codec.compress(data) },
    { operation: 'decompress', bytes: data.length, run: () => codec.decompress(packed) },
  ];
}

async function ofHash(hash: Hash, data: Uint8Array): Promise<Work[]> {
  const digest = await hash.hash(data);
  const state = hash.create();
  await state.update(data.subarray(0, data.length >> 1));
  await state.update(data.subarray(data.length >> 1));
  holds(sameBytes(digest, await state.digest()), hash, 'gives another digest in pieces');
  return [{ operation: 'hash', bytes: data.length, run: () => hash.hash(data) }];
}

async function ofChunker(chunker: Chunker, data: Uint8Array): Promise<Work[]> {
  const { lengths } = await chunker.chunk(data);
  holds(lengths.reduce((sum, length) => sum + length, 0) === data.length, chunker, 'does not cover its input');
  return [{ operation: 'chunk', bytes: data.length, run: () => chunker.chunk(data) }];
}

/** Checks the algorithm's outputs for these data, and gives what can be timed. Rejects with `WrongOutput`. */
export function worksOf<Kind extends AlgorithmKind>(kind: Kind, algorithm: Faces[Kind], data: Uint8Array): Promise<Work[]> {
  if (kind === 'codec') return ofCodec(algorithm as Codec, data);
  return kind === 'hash' ? ofHash(algorithm as Hash, data) : ofChunker(algorithm as Chunker, data);
}

/** What two kernels of one hash or chunker have to agree on. */
export async function answerOf<Kind extends AlgorithmKind>(kind: Kind, algorithm: Faces[Kind], data: Uint8Array): Promise<Uint8Array | undefined> {
  if (kind === 'hash') return (algorithm as Hash).hash(data);
  if (kind === 'chunker') return new Uint8Array((await (algorithm as Chunker).chunk(data)).lengths.buffer);
  return undefined;
}
