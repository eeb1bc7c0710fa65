import type { Algorithm, Chunker, Codec, Handles, Hash, OptionsFor, Registry, Which } from '@chunker/core';
import { DigestTable } from './digest-table.js';
import type { Job } from './engine/job.js';
import { WholeDigests } from './engine/whole-digests.js';
import { invalidPipeline, stageError } from './errors.js';
import { OutputArena } from './output-arena.js';
import { PipelineRun } from './run.js';
import { type RunSettings, resolveSettings } from './settings.js';
import { Slabs } from './slabs.js';
import { openSource } from './sources/open.js';
import { shelfOf } from './strategy/candidates.js';
import { Chooser } from './strategy/chooser.js';
import { onlyRung } from './strategy/rungs.js';
import { type CompressionStrategy, isStrategy, resolveStrategy } from './strategy/strategy.js';
import type { PipelineInput, WindowSource } from './sources/source.js';

interface Stages {
  readonly chunker?: () => Promise<Chunker>;
  readonly hash?: () => Promise<Hash>;
  readonly codec?: (() => Promise<Codec>) | undefined;
  readonly chooser?: ((signal: AbortSignal) => Promise<Chooser>) | undefined;
  readonly dedup?: DigestTable | 'own';
  readonly verify?: boolean;
  readonly digests: readonly (() => Promise<Hash>)[];
}

/**
 * A pipeline in the making. Each step answers a new pipeline; the algorithms are taken from the registry when a run is first pulled. Every stage may be left out: without a chunker the
 * pieces are windows of `windowBytes`.
 */
export class Pipeline<in R = never> {
  readonly #registry: Registry<R>;
  readonly #stages: Stages;

  /** @internal */
  constructor(registry: Registry<R>, stages: Stages = { digests: [] }) {
    this.#registry = registry;
    this.#stages = stages;
  }

  /** Cuts the input into chunks, by name, definition or as taken before. */
  chunk<const W extends string | Algorithm<'chunker'>>(
    which: Which<R, 'chunker', W> | Chunker,
    options?: OptionsFor<R, 'chunker', W>,
    handles?: Handles,
  ): Pipeline<R> {
    return this.#with({ chunker: () => take<Chunker>(which, 'chunker', this.#registry, options, handles) });
  }

  /** Takes the digest of each chunk. */
  hash<const W extends string | Algorithm<'hash'>>(which: Which<R, 'hash', W> | Hash, options?: OptionsFor<R, 'hash', W>, handles?: Handles): Pipeline<R> {
    return this.#with({ hash: () => take<Hash>(which, 'hash', this.#registry, options, handles) });
  }

  /**
   * Compresses each chunk on its own: with a codec, or by a strategy that chooses among the registered ones (`{ strategy: 'adaptive' }`) and stores what cannot be made smaller.
   */
  compress(strategy: CompressionStrategy): Pipeline<R>;
  compress<const W extends string | Algorithm<'codec'>>(
    which: Which<R, 'codec', W> | Codec,
    options?: OptionsFor<R, 'codec', W>,
    handles?: Handles,
  ): Pipeline<R>;
  compress<const W extends string | Algorithm<'codec'>>(
    which: Which<R, 'codec', W> | Codec | CompressionStrategy,
    options?: OptionsFor<R, 'codec', W>,
    handles?: Handles,
  ): Pipeline<R> {
    if (isStrategy(which)) {
      const strategy = resolveStrategy(which);
      const shelf = shelfOf(this.#registry as unknown as Registry<never>);
      return this.#with({ codec: undefined, chooser: (signal) => Chooser.open(shelf, strategy, signal) });
    }
    return this.#with({ codec: () => take<Codec>(which, 'codec', this.#registry, options, handles), chooser: undefined });
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
  digest<const W extends string | Algorithm<'hash'>>(which: Which<R, 'hash', W> | Hash, options?: OptionsFor<R, 'hash', W>, handles?: Handles): Pipeline<R> {
    const one = () => take<Hash>(which, 'hash', this.#registry, options, handles);
    return this.#with({ digests: [...this.#stages.digests, one] });
  }

  /** A run over `input`. Nothing is opened or read before the first pull. */
  run(input: PipelineInput, settings: RunSettings = {}): PipelineRun {
    return new PipelineRun({ open: () => openJob(this.#stages, input, settings), signal: settings.signal, events: this.#registry.events });
  }

  #with(stages: Partial<Stages>): Pipeline<R> {
    return new Pipeline(this.#registry, { ...this.#stages, ...stages });
  }
}

/** Starts a pipeline over the algorithms of `registry`. */
export function pipeline<R>(registry: Registry<R>): Pipeline<R> {
  return new Pipeline(registry);
}

/** A configured algorithm is taken as it is; a spec such as `zstd:level=9` is parsed; anything else goes to the registry. */
function take<T extends Chunker | Hash | Codec>(
  which: unknown,
  kind: T['kind'],
  registry: Registry<never>,
  options: unknown,
  handles: Handles | undefined,
): Promise<T> {
  const taken = which as Partial<T>;
  if (typeof which === 'object' && which !== null && taken.kind === kind && typeof taken.spec === 'string') return Promise.resolve(which as T);
  if (typeof which === 'string' && which.includes(':')) return registry.parse(which, kind, handles) as Promise<unknown> as Promise<T>;
  const arguments_ = [which as never, options as never, handles] as const;
  if (kind === 'chunker') return registry.chunker(...arguments_) as Promise<unknown> as Promise<T>;
  if (kind === 'hash') return registry.hash(...arguments_) as Promise<unknown> as Promise<T>;
  return registry.codec(...arguments_) as Promise<unknown> as Promise<T>;
}

async function openJob(stages: Stages, input: PipelineInput, settings: RunSettings): Promise<Job> {
  const source = await opened(input, settings.signal);
  const disposables: { dispose(): void }[] = [];
  const kept = <T extends { dispose(): void }>(one: T): T => {
    disposables.push(one);
    return one;
  };
  try {
    const signal = settings.signal ?? new AbortController().signal;
    const [chunker, hash, codec, chooser] = await Promise.all([stages.chunker?.(), stages.hash?.(), stages.codec?.(), stages.chooser?.(signal)]);
    const whole = await Promise.all(stages.digests.map((one) => one()));
    const verify = stages.verify ?? false;
    const dedup = tableFor(stages.dedup, hash);
    const resolved = resolveSettings(settings, chunker?.reach ?? 0, codec === undefined && chooser === undefined ? 0 : 1);
    const slabs = kept(new Slabs(resolved.payload === 'none'));
    const outputs = new OutputArena(
      slabs,
      largestResult(codec, Math.min(chunker?.maxSize ?? Number.POSITIVE_INFINITY, resolved.headBytes + resolved.windowBytes)),
    );
    const digests = kept(new WholeDigests(whole, settings.signal));
    const reassembled = kept(new WholeDigests(verify ? whole : [], settings.signal));
    const progress = { readBytes: 0, bytes: 0, chunks: 0, uniqueChunks: 0, uniqueBytes: 0, compressedBytes: 0 };
    const rung = codec === undefined ? undefined : onlyRung(codec);
    return { source, chunker, hash, codec, rung, chooser, dedup, verify, digests, reassembled, settings: resolved, slabs, outputs, progress };
  } catch (error) {
    for (const one of disposables) one.dispose();
    await source.close();
    throw error;
  }
}

function largestResult(codec: Codec | undefined, chunkBytes: number): number {
  const bound = codec?.compressBound(chunkBytes) ?? 0;
  // A codec that knows no bound gets no room from us.
  return Number.isSafeInteger(bound) && bound <= 2 * chunkBytes ? bound : 0;
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
  if (table.digestLength !== hash.digestLength)
    throw invalidPipeline(`the table holds digests of ${table.digestLength} bytes, ${hash.name} gives ${hash.digestLength}`);
  return table;
}
