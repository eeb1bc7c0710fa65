import type { Codec } from '@chunker/core';
import { type Content, type ContentKind, describeContent, resistsCompression } from '../content/content.js';
import type { BatchWork } from '../engine/job.js';
import { nextTurn } from '../sources/memory.js';
import { type Candidate, type CodecShelf, candidatesOf } from './candidates.js';
import { declaredOf, ladderFrom, type Rated, ranked } from './ranking.js';
import { Rungs } from './rungs.js';
import type { ResolvedStrategy } from './strategy.js';
import { STORED } from './stored.js';
import { samplesOf, tried } from './trial.js';

/** Chunks looked at in one turn of the event loop: each takes about ten microseconds. */
const CHUNKS_PER_TURN = 32;

/** Chunks of a batch that are tried for one kind of content. */
type Kind = ContentKind | 'any';

/**
 * Chooses the codec of each chunk of one run. Batches are planned in the order of the input, so that what is tried, and with codecs that declare their figures what is chosen, depends on the bytes alone.
 */
export class Chooser {
  readonly #shelf: CodecShelf;
  readonly #strategy: ResolvedStrategy;
  readonly #candidates: readonly Candidate[];
  readonly #signal: AbortSignal;
  readonly #choices = new Map<Kind, Rungs>();
  readonly #codecs = new Map<Codec, number>();
  #planned: Promise<void> = Promise.resolve();
  /** Specs of the codecs by the numbers in records; the first is what is stored. */
  readonly specs: string[] = [STORED];
  readonly names: string[] = [STORED];
  /** What the run set aside: trials take nothing more. */
  reservation: { readonly bytes: number } | undefined;

  private constructor(shelf: CodecShelf, strategy: ResolvedStrategy, candidates: readonly Candidate[], signal: AbortSignal) {
    this.#shelf = shelf;
    this.#strategy = strategy;
    this.#candidates = candidates;
    this.#signal = signal;
  }

  static async open(shelf: CodecShelf, strategy: ResolvedStrategy, signal: AbortSignal): Promise<Chooser> {
    const chooser = new Chooser(shelf, strategy, await candidatesOf(shelf, strategy), signal);
    // What goes by declarations is known now; a codec that cannot be had is an error before anything is read.
    const rungs = await chooser.#declared();
    if (rungs !== undefined) chooser.#choices.set('any', rungs);
    return chooser;
  }

  /** For events. */
  get name(): string {
    return this.#strategy.strategy;
  }

  /** Looks at the chunks of a batch and says for each what it is and who compresses it; those that are stored are done. */
  plan(batch: BatchWork): Promise<void> {
    const planned = this.#planned.then(() => this.#plan(batch));
    this.#planned = planned.catch(() => {});
    return planned;
  }

  /** Is the result small enough to be kept? */
  isWorth(compressed: number, bytes: number): boolean {
    return compressed <= bytes * this.#strategy.minRatio;
  }

  async #plan(batch: BatchWork): Promise<void> {
    const { lengths, duplicates } = batch.columns;
    const contents: (Content | undefined)[] = new Array(lengths.length).fill(undefined);
    const detect = (head: Uint8Array) => this.#shelf.detect(head);
    const compressible = new Map<Kind, number[]>();
    const chunks = batch.chunks();
    for (let i = 0; i < lengths.length; i++) {
      if (i % CHUNKS_PER_TURN === CHUNKS_PER_TURN - 1) await nextTurn();
      if (duplicates?.[i] === 1) continue;
      const data = chunks[i] as Uint8Array;
      const content = describeContent(data, detect);
      contents[i] = content;
      if (resistsCompression(data, content)) batch.store(i, data);
      else push(compressible, this.#kindOf(content), i);
    }
    batch.columns.contents = contents;
    this.#signal.throwIfAborted();
    for (const [kind, indexes] of compressible) {
      const rungs =
        this.#choices.get(kind) ??
        (await this.#try(
          kind,
          indexes.map((i) => chunks[i] as Uint8Array),
        ));
      for (const i of indexes) batch.rungs[i] = rungs;
    }
  }

  #kindOf({ kind }: Content): Kind {
    return this.#strategy.strategy === 'adaptive' ? kind : 'any';
  }

  /** The choice by declarations; undefined where trying decides. */
  async #declared(): Promise<Rungs | undefined> {
    const { strategy } = this.#strategy;
    if (strategy === 'auto' || strategy === 'adaptive') return undefined;
    const all = declaredOf(this.#candidates);
    const own = all.filter(({ candidate }) => candidate.declared?.effort === strategy);
    if (own.length === 0) return undefined;
    let failure: unknown;
    for (const first of ranked(strategy, own)) {
      try {
        await first.candidate.take();
        return this.#rungs(first, all);
      } catch (error) {
        // One whose kernels do not work here makes way for the next.
        failure ??= error;
      }
    }
    throw failure;
  }

  async #try(kind: Kind, chunks: readonly Uint8Array[]): Promise<Rungs> {
    const { strategy, minRatio } = this.#strategy;
    const rated = await tried(this.#candidates.filter(takesPart), samplesOf(chunks), { signal: this.#signal, reservation: this.reservation });
    const useful = rated.filter(({ ratio }) => ratio <= minRatio);
    // Where nothing helps on the sample the fastest looks at each chunk: the next may be another matter.
    const order = useful.length > 0 ? ranked(strategy, useful) : ranked('fastest', rated);
    const rungs = this.#rungs(order[0] as Rated, rated);
    this.#choices.set(kind, rungs);
    return rungs;
  }

  #rungs(first: Rated, rated: readonly Rated[]): Rungs {
    return new Rungs(ladderFrom(first, rated), this.#strategy.maxMilliseconds, (codec) => this.#indexOf(codec));
  }

  #indexOf(codec: Codec): number {
    const known = this.#codecs.get(codec);
    if (known !== undefined) return known;
    const index = this.specs.push(codec.spec) - 1;
    this.names.push(codec.name);
    this.#codecs.set(codec, index);
    return index;
  }
}

/** Trying the smallest effort costs more than it can win where time counts. */
function takesPart({ declared }: Candidate): boolean {
  return declared?.effort !== 'smallest';
}

function push<K>(map: Map<K, number[]>, key: K, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
