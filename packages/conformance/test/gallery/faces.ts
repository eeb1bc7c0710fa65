import type { Algorithm, Chunker, Codec, Hash, Hasher, PushChunker } from '@chunker/core';
import { SOUND } from './sound.js';

/** A sound algorithm whose face core would have got wrong: promises that core keeps for every plugin, and no plugin could break. */
export interface BrokenFace {
  readonly fault: string;
  readonly definition: Algorithm;
  /** The options it is taken with. */
  readonly settings?: object;
  readonly breaks: string | readonly [string, string, ...string[]];
  /** What the face has instead. */
  readonly doctor?: (face: never) => object;
  /** What a new taking has instead. */
  readonly taking?: (options: unknown) => object;
}

const sound = (name: string): Algorithm => {
  const found = SOUND.find(({ definition }) => definition.name === name);
  if (found === undefined) throw new Error(`no sound plugin '${name}'`);
  return found.definition;
};

const face = <Face>(fault: string, name: string, breaks: BrokenFace['breaks'], doctor: (face: Face) => object): BrokenFace => ({
  fault,
  definition: sound(name),
  breaks,
  doctor: doctor as (face: never) => object,
});

/** What is no bytes counts as nothing. */
const lax = (data: unknown): Uint8Array => (Object.prototype.toString.call(data) === '[object Uint8Array]' ? (data as Uint8Array) : new Uint8Array());

/** The view as it is where it begins at no odd offset. */
const fromStart = (data: Uint8Array): Uint8Array => (data?.byteOffset % 2 === 1 ? new Uint8Array(data.buffer, 0, data.length) : data);

type Signalled = { readonly signal?: AbortSignal } | undefined;

/** Forgets the signal while it works, and calls an abort an error of its own. */
const late = async <T>(run: () => Promise<T>, plain: () => Promise<T>, call: Signalled): Promise<T> => {
  const aborted = () => call?.signal?.aborted === true;
  if (aborted()) return plain();
  const result = await run();
  await new Promise((resolve) => setTimeout(resolve));
  if (aborted()) throw new Error('it was aborted');
  return result;
};

/** The call without its signal, where that is aborted already. */
const unaware = (call: Signalled) => (call?.signal?.aborted === true ? {} : call);

const keepsOptions = (name: string, kind: string): BrokenFace => ({
  fault: 'keeps the options object of the caller',
  definition: sound(name),
  settings: OPTIONS[name] ?? {},
  breaks: `${kind}.options-are-read-once`,
  taking: (options) => ({ options }),
});

const OPTIONS: Readonly<Record<string, object>> = { 'two-kernels': { level: 3 }, gear: { seed: 5 }, 'fold-seeded': { seed: 1 } };

export const BROKEN_FACES: readonly BrokenFace[] = [
  keepsOptions('two-kernels', 'codec'),
  keepsOptions('fold-seeded', 'hash'),
  keepsOptions('gear', 'chunker'),
  face<Codec>('compressSync answers with the promise', 'later', 'codec.sync-is-refused-where-absent', (codec) => ({
    compressSync: (data: Uint8Array) => codec.compress(data),
  })),
  face<Codec>('takes what is no bytes for nothing', 'frames', 'codec.bytes-only', (codec) => ({
    compress: (data: unknown, call: Signalled) => codec.compress(lax(data), call),
  })),
  face<Codec>('does not look at the signal before it starts', 'frames', 'codec.aborted-before', (codec) => ({
    compress: (data: Uint8Array, call: Signalled) => codec.compress(data, unaware(call)),
  })),
  face<Codec>('an abort is an error of its own', 'frames', 'codec.aborted-during', (codec) => ({
    compress: (data: Uint8Array, call: Signalled) =>
      late(
        () => codec.compress(data),
        () => codec.compress(data, call),
        call,
      ),
  })),
  face<Hash>('hashSync answers with the promise', 'fold-later', 'hash.sync-is-refused-where-absent', (hash) => ({
    hashSync: (data: Uint8Array) => hash.hash(data),
  })),
  face<Hash>('a state can be asked twice', 'fold', 'hash.digest-ends', (hash) => ({ create: (call: Signalled) => askedTwice(hash, call) })),
  face<Hash>('takes what is no bytes for nothing', 'fold', 'hash.bytes-only', (hash) => ({
    hash: (data: unknown, call: Signalled) => hash.hash(lax(data), call),
  })),
  face<Hash>('does not look at the signal before it starts', 'fold', 'hash.aborted-before', (hash) => ({
    hash: (data: Uint8Array, call: Signalled) => hash.hash(data, unaware(call)),
  })),
  face<Hash>('an abort is an error of its own', 'fold', 'hash.aborted-during', (hash) => ({
    hash: (data: Uint8Array, call: Signalled) =>
      late(
        () => hash.hash(data),
        () => hash.hash(data, call),
        call,
      ),
  })),
  // The rule of hints goes by the sizes, too.
  face<Chunker>('chunks are smaller than minSize says', 'gear', ['chunker.keeps-its-sizes', 'chunker.hints'], (chunker) => ({ minSize: chunker.minSize + 9 })),
  face<Chunker>('a push form goes on after its end', 'gear', 'chunker.push-ends', (chunker) => ({ open: (call: Signalled) => reopening(chunker, call) })),
  face<Chunker>('takes what is no bytes for nothing', 'gear', 'chunker.bytes-only', (chunker) => ({
    chunk: (data: unknown, call: Signalled) => chunker.chunk(lax(data), call),
  })),
  face<Chunker>('reads from the start of the buffer', 'gear', 'chunker.any-view', (chunker) => ({
    chunk: (data: Uint8Array, call: Signalled) => chunker.chunk(fromStart(data), call),
    chunkSync: (data: Uint8Array, call: Signalled) => chunker.chunkSync(fromStart(data), call),
  })),
  face<Chunker>('does not look at the signal before it starts', 'gear', 'chunker.aborted-before', (chunker) => ({
    chunk: (data: Uint8Array, call: Signalled) => chunker.chunk(data, unaware(call)),
  })),
  face<Chunker>('an abort is an error of its own', 'gear', 'chunker.aborted-during', (chunker) => ({
    chunkMany: (data: Uint8Array[], call: Signalled) =>
      late(
        () => chunker.chunkMany(data),
        () => chunker.chunkMany(data, call),
        call,
      ),
  })),
];

function askedTwice(hash: Hash, call: Signalled): Hasher {
  const state = hash.create(call);
  let digest: Uint8Array | undefined;
  return {
    update: (data) => (digest === undefined ? state.update(data) : Promise.resolve()),
    updateSync: (data) => state.updateSync(data),
    async digest() {
      digest ??= await state.digest();
      return digest.slice();
    },
    digestSync: () => state.digestSync(),
    clone: () => state.clone(),
    dispose: () => state.dispose(),
  };
}

function reopening(chunker: Chunker, call: Signalled): PushChunker {
  let push = chunker.open(call);
  return {
    feed: (bytes) => push.feed(bytes),
    nextChunk: () => push.nextChunk(),
    finish() {
      const rest = push.finish();
      push = chunker.open(call);
      return rest;
    },
  };
}
