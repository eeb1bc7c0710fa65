import type { Hash } from '@chunker/core';
import { ChunkerError } from '@chunker/core';
import { hex } from '@chunker/core/encoding';
import { invalidPipeline, stageError } from './errors.js';
import { checkManifest, type Manifest } from './manifest.js';
import { threads } from './settings.js';
import { StoredCodecs } from './stored-codecs.js';

/** A chunk that `reassemble` asks for. */
export interface WantedChunk {
  readonly index: number;
  readonly offset: number;
  readonly length: number;
  /** Lower-case hex; absent when the manifest has no hashes. */
  readonly hash?: string;
  /** Spec of the codec that compressed it, `identity` where it is stored as it is; absent where the manifest cannot know: a repeated chunk that another run compressed. */
  readonly codec?: string;
}

/** A chunk with the spec of its codec, where a store keeps that itself. */
export interface StoredChunk {
  readonly payload: Uint8Array;
  readonly codec: string;
}

type FetchChunk = (chunk: WantedChunk) => Uint8Array | StoredChunk | Promise<Uint8Array | StoredChunk>;

/** As much of a registry as reassembling uses. */
export interface SpecReader {
  parse(spec: string): Promise<unknown>;
}

/** How `reassemble` works. */
export interface ReassembleSettings {
  readonly signal?: AbortSignal;
  /** Chunks that are fetched at the same time; default 2 x threads. */
  readonly concurrency?: number;
}

interface Tools {
  readonly hash: Hash | undefined;
  readonly codecs: StoredCodecs;
  readonly signal: AbortSignal | undefined;
}

/**
 * The inverse of a pipeline: the bytes of the input, chunk by chunk in order. `fetchChunk` answers a chunk as the pipeline's payload was (compressed, as the manifest says), or with the codec that the store knows it has; it is called ahead,
 * at most `concurrency` at a time. Each chunk is decompressed, and its length and digest are checked before its bytes are handed out: `checksum_mismatch` as the cause of `stage_failed` at its offset. The digest is
 * checked where the manifest has hashes; chunks of a keyed hash need a registry whose parse gives the key.
 */
export async function* reassemble(
  registry: SpecReader,
  manifest: Manifest,
  fetchChunk: FetchChunk,
  settings: ReassembleSettings = {},
): AsyncGenerator<Uint8Array> {
  const { specs } = checkManifest(manifest);
  const tools: Tools = {
    hash: specs.hash === undefined ? undefined : await takeHash(registry, specs.hash),
    codecs: new StoredCodecs(registry, manifest),
    signal: settings.signal,
  };
  const ahead: Promise<Uint8Array>[] = [];
  // A codec that is missing is told before anything is fetched.
  if (specs.codec !== undefined) await tools.codecs.codec(specs.codec);
  const chunks = wanted(manifest, tools.codecs);
  const most = settings.concurrency ?? 2 * threads();
  try {
    for (;;) {
      while (ahead.length < most) {
        const { done, value } = chunks.next();
        if (done) break;
        const one = restore(tools, value, fetchChunk);
        one.catch(() => {});
        ahead.push(one);
      }
      const first = ahead.shift();
      if (first === undefined) return;
      const bytes = await first;
      settings.signal?.throwIfAborted();
      yield bytes;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function restore(tools: Tools, chunk: WantedChunk, fetchChunk: FetchChunk): Promise<Uint8Array> {
  const call = tools.signal === undefined ? {} : { signal: tools.signal };
  tools.signal?.throwIfAborted();
  const stored = await within('fetch', chunk, async () => fetchChunk(chunk));
  const bytes = await within('decompress', chunk, async () => {
    const { payload, codec: spec } = stored instanceof Uint8Array ? { payload: stored, codec: chunk.codec } : stored;
    const codec = await tools.codecs.codec(spec);
    return codec === undefined ? payload : codec.decompress(payload, { ...call, maxOutputBytes: chunk.length });
  });
  await within('verify', chunk, async () => {
    const actual = tools.hash === undefined ? undefined : hex.encode(await tools.hash.hash(bytes, call));
    if (bytes.length === chunk.length && actual === chunk.hash) return;
    throw new ChunkerError('checksum_mismatch', {
      operation: 'reassemble',
      ...(chunk.hash === undefined ? {} : { expected: chunk.hash }),
      ...(actual === undefined ? {} : { actual }),
    });
  });
  return bytes;

  async function within<T>(stage: 'fetch' | 'decompress' | 'verify', at: WantedChunk, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (tools.signal?.aborted) throw tools.signal.reason;
      throw stageError(stage, at.offset, error);
    }
  }
}

function* wanted(manifest: Manifest, codecs: StoredCodecs): Generator<WantedChunk> {
  let offset = 0;
  for (const [index, length] of manifest.lengths.entries()) {
    const hash = manifest.hashes?.[index];
    const codec = codecs.specOf(index);
    yield { index, offset, length, ...(hash === undefined ? {} : { hash }), ...(codec === undefined ? {} : { codec }) };
    offset += length;
  }
}

async function takeHash(registry: SpecReader, spec: string): Promise<Hash> {
  const taken = (await registry.parse(spec)) as Hash;
  if (taken.kind !== 'hash') throw invalidPipeline(`the manifest's hash '${spec}' is a ${taken.kind}`);
  return taken;
}
