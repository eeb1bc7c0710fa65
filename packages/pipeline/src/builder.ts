import type { Algorithm, Chunker, Codec, Handles, Hash, OptionsFor, Registry, Which } from '@chunker/core';
import { DigestTable } from './digest-table.js';
import { openJob, type Stages } from './open-job.js';
import { PipelineRun } from './run.js';
import type { RunSettings } from './settings.js';
import { shelfOf } from './strategy/candidates.js';
import { Chooser } from './strategy/chooser.js';
import { type CompressionStrategy, isStrategy, resolveStrategy } from './strategy/strategy.js';
import type { PipelineInput } from './sources/source.js';

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
    const registry = this.#registry;
    return new PipelineRun({
      open: (control) => openJob(registry.memory, this.#stages, input, settings, control),
      signal: settings.signal,
      onProgress: settings.onProgress,
      hasPayloads: (settings.payload ?? 'none') !== 'none',
      figures: settings.figures ?? false,
      cpuTimeMs: settings.cpuTimeMs,
      events: registry.events,
      enlist: (work) => registry.enlist(work),
    });
  }

  /**
   * The same pipeline with its algorithms taken: runs of it share them, and with `dedup()` one table.
   * @internal
   */
  async ready(): Promise<Pipeline<R>> {
    const { chunker, hash, codec, digests, dedup } = this.#stages;
    const [takenChunker, takenHash, takenCodec] = await Promise.all([chunker?.(), hash?.(), codec?.()]);
    const whole = await Promise.all(digests.map((one) => one()));
    return this.#with({
      ...(takenChunker === undefined ? {} : { chunker: async () => takenChunker }),
      ...(takenHash === undefined ? {} : { hash: async () => takenHash }),
      ...(takenCodec === undefined ? {} : { codec: async () => takenCodec }),
      ...(dedup === 'own' && takenHash !== undefined ? { dedup: new DigestTable(takenHash.digestLength) } : {}),
      digests: whole.map((one) => async () => one),
    });
  }

  #with(stages: Partial<Stages>): Pipeline<R> {
    return new Pipeline(this.#registry, { ...this.#stages, ...stages });
  }
}

/**
 * A pipeline without stages over the algorithms of `registry`. `.chunk(…)`, `.hash(…)`, `.dedup()`, `.compress(…)`, `.digest(…)` and `.verify()` each answer a new one with that stage, in any order; `.run(input, settings)`
 * begins a run over one input, as often as you like. Nothing is read or loaded before a run is pulled.
 */
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
