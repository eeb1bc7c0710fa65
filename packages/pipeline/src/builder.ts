import type { Chunker, Codec, Handles, Hash } from '@chunker/core';
import { DigestTable } from './digest-table.js';
import type { Job } from './engine/job.js';
import { WholeDigests } from './engine/whole-digests.js';
import { invalidPipeline, stageError } from './errors.js';
import { OutputArena } from './output-arena.js';
import { PipelineRun } from './run.js';
import { type RunSettings, resolveSettings } from './settings.js';
import { Slabs } from './slabs.js';
import { openSource } from './sources/open.js';
import type { PipelineInput, WindowSource } from './sources/source.js';

/** As much of a registry as a pipeline uses. Core's `Registry` fits. */
export interface AlgorithmSource {
  codec(which: never, options?: never, handles?: Handles): Promise<Codec>;
  hash(which: never, options?: never, handles?: Handles): Promise<Hash>;
  chunker(which: never, options?: never, handles?: Handles): Promise<Chunker>;
}

type Which<R extends AlgorithmSource, Kind extends 'codec' | 'hash' | 'chunker'> = Parameters<R[Kind]>[0];
type Options<R extends AlgorithmSource, Kind extends 'codec' | 'hash' | 'chunker'> = Parameters<R[Kind]>[1];

interface Stages {
  readonly chunker?: () => Promise<Chunker>;
  readonly hash?: () => Promise<Hash>;
  readonly codec?: () => Promise<Codec>;
  readonly dedup?: DigestTable | 'own';
  readonly verify?: boolean;
  readonly digests: readonly (() => Promise<Hash>)[];
}

/**
 * A pipeline in the making. Each step answers a new pipeline; the algorithms are taken from the registry when a run is first pulled. Every stage may be left out: without a chunker the
 * pieces are windows of `windowBytes`.
 */
export class Pipeline<R extends AlgorithmSource> {
  readonly #registry: R;
  readonly #stages: Stages;

  /** @internal */
  constructor(registry: R, stages: Stages = { digests: [] }) {
    this.#registry = registry;
    this.#stages = stages;
  }

  /** Cuts the input into chunks, by name, definition or as taken before. */
  chunk(which: Which<R, 'chunker'> | Chunker, options?: Options<R, 'chunker'>, handles?: Handles): Pipeline<R> {
    return this.#with({ chunker: () => take(which, 'chunker', () => this.#registry.chunker(which as never, options as never, handles)) });
  }

  /** Takes the digest of each chunk. */
  hash(which: Which<R, 'hash'> | Hash, options?: Options<R, 'hash'>, handles?: Handles): Pipeline<R> {
    return this.#with({ hash: () => take(which, 'hash', () => this.#registry.hash(which as never, options as never, handles)) });
  }

  /** Compresses each chunk on its own. */
  compress(which: Which<R, 'codec'> | Codec, options?: Options<R, 'codec'>, handles?: Handles): Pipeline<R> {
    return this.#with({ codec: () => take(which, 'codec', () => this.#registry.codec(which as never, options as never, handles)) });
  }

  /** Marks chunks whose digest came before and leaves them out of compression. A table handed in joins the runs that share it. Needs a hash stage. */
  dedup(table?: DigestTable): Pipeline<R> {
    return this.#with({ dedup: table ?? 'own' });
  }

  /** Decompresses each unique chunk, compares it with the bytes it came from, and the sum of all chunks with the digests of the whole input. */
  verify(): Pipeline<R> {
    return this.#with({ verify: true });
  }

  /** Takes a digest of the whole input; may be asked several times. */
  digest(which: Which<R, 'hash'> | Hash, options?: Options<R, 'hash'>, handles?: Handles): Pipeline<R> {
    const one = () => take<Hash>(which, 'hash', () => this.#registry.hash(which as never, options as never, handles));
    return this.#with({ digests: [...this.#stages.digests, one] });
  }

  /** A run over `input`. Nothing is opened or read before the first pull. */
  run(input: PipelineInput, settings: RunSettings = {}): PipelineRun {
    return new PipelineRun({ open: () => openJob(this.#stages, input, settings), signal: settings.signal });
  }

  #with(stages: Partial<Stages>): Pipeline<R> {
    return new Pipeline(this.#registry, { ...this.#stages, ...stages });
  }
}

/** Starts a pipeline over the algorithms of `registry`. */
export function pipeline<R extends AlgorithmSource>(registry: R): Pipeline<R> {
  return new Pipeline(registry);
}

/** A configured algorithm is taken as it is; anything else goes to the registry. */
function take<T extends Chunker | Hash | Codec>(which: unknown, kind: T['kind'], ask: () => Promise<T>): Promise<T> {
  const taken = which as Partial<T>;
  return typeof which === 'object' && which !== null && taken.kind === kind && typeof taken.spec === 'string' ? Promise.resolve(which as T) : ask();
}

async function openJob(stages: Stages, input: PipelineInput, settings: RunSettings): Promise<Job> {
  const [chunker, hash, codec] = await Promise.all([stages.chunker?.(), stages.hash?.(), stages.codec?.()]);
  const whole = await Promise.all(stages.digests.map((one) => one()));
  const verify = stages.verify ?? false;
  const dedup = tableFor(stages.dedup, hash);
  const resolved = resolveSettings(settings, chunker?.reach ?? 0, codec === undefined ? 0 : 1);
  const slabs = new Slabs();
  const outputs = new OutputArena(slabs, resolved.headBytes + resolved.windowBytes);
  const digests = new WholeDigests(whole, settings.signal);
  const reassembled = new WholeDigests(verify ? whole : [], settings.signal);
  const progress = { readBytes: 0, bytes: 0, chunks: 0, uniqueChunks: 0, uniqueBytes: 0, compressedBytes: 0 };
  const source = await opened(input, settings.signal);
  return { source, chunker, hash, codec, dedup, verify, digests, reassembled, settings: resolved, slabs, outputs, progress };
}

async function opened(input: PipelineInput, signal: AbortSignal | undefined): Promise<WindowSource> {
  try {
    return await openSource(input, signal);
  } catch (error) {
    throw stageError('read', 0, error);
  }
}

function tableFor(dedup: Stages['dedup'], hash: Hash | undefined): DigestTable | undefined {
  if (dedup === undefined) return undefined;
  if (hash === undefined) throw invalidPipeline('dedup() needs a hash stage');
  const table = dedup === 'own' ? new DigestTable(hash.digestLength) : dedup;
  if (table.digestLength !== hash.digestLength) throw invalidPipeline(`the table holds digests of ${table.digestLength} bytes, ${hash.name} gives ${hash.digestLength}`);
  return table;
}
