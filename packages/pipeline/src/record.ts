import type { Content } from './content/content.js';

/** One chunk, as a pipeline reports it. */
export interface ChunkRecord {
  /** First byte in the input; exact beyond 4 GiB. */
  readonly offset: number;
  readonly length: number;
  /** Digest of the chunk's bytes; with a hash stage. */
  readonly hash?: Uint8Array;
  /** With `dedup()`: true when the same digest came before. Such a chunk is not compressed. */
  readonly duplicate?: boolean;
  /** Name of the codec that compressed it; `identity` where it is stored as it is. */
  readonly codec?: string;
  readonly compressedLength?: number;
  /** With a compression strategy: what the chunk's first 4 KiB tell of it. */
  readonly content?: Content;
  /** The compressed bytes, or without a codec the input's; only when asked for. A view is right or empty, never wrong. */
  readonly payload?: Uint8Array;
  /** A payload of one's own, while the payload is valid; `undefined` where there is none. */
  copy(): Uint8Array | undefined;
}

/** The columns of a batch, filled by the stages. */
export interface BatchColumns {
  readonly start: number;
  readonly lengths: Uint32Array;
  /** Digests one behind the other. */
  digests?: Uint8Array;
  /** 1 where the chunk came before. */
  duplicates?: Uint8Array;
  /** 0 where the chunk was not compressed. */
  compressedLengths?: Uint32Array;
  /** Number of each chunk's codec in the run's table; without it there is one codec. */
  codecs?: Uint16Array;
  contents?: readonly (Content | undefined)[];
  payloads?: (Uint8Array | undefined)[];
}

/**
 * The chunks of one window as columns; records are made only when someone iterates. Payload views end when the next batch is pulled; columns stay.
 */
export class RecordBatch implements Iterable<ChunkRecord> {
  readonly #columns: BatchColumns;
  /** Names of codecs: of the one, or with a strategy of all that were chosen so far, and `identity` first. */
  readonly codecNames: readonly string[];
  #copies: boolean;

  /** @internal */
  constructor(columns: BatchColumns, codecNames: readonly string[], copies: boolean) {
    this.#columns = columns;
    this.codecNames = codecNames;
    this.#copies = copies;
  }

  /** Offset of the first chunk; the others follow without gaps. */
  get start(): number {
    return this.#columns.start;
  }

  /** Chunks in the batch. */
  get length(): number {
    return this.#columns.lengths.length;
  }

  get lengths(): Uint32Array {
    return this.#columns.lengths;
  }

  /** All digests, one behind the other; absent without a hash stage. */
  get digests(): Uint8Array | undefined {
    return this.#columns.digests;
  }

  get duplicates(): Uint8Array | undefined {
    return this.#columns.duplicates;
  }

  get compressedLengths(): Uint32Array | undefined {
    return this.#columns.compressedLengths;
  }

  /** With a strategy: number of each chunk's codec in `codecNames`. */
  get codecs(): Uint16Array | undefined {
    return this.#columns.codecs;
  }

  /**
   * Makes payloads that are to be copies into copies now, not when records are made: for who keeps batches beyond the next pull.
   * @internal
   */
  keep(): this {
    const { payloads } = this.#columns;
    if (this.#copies && payloads !== undefined) this.#columns.payloads = payloads.map((view) => view?.slice());
    this.#copies = false;
    return this;
  }

  *[Symbol.iterator](): Generator<ChunkRecord> {
    let offset = this.start;
    for (let i = 0; i < this.length; i++) {
      yield this.#record(i, offset);
      offset += this.lengths[i] as number;
    }
  }

  #record(i: number, offset: number): ChunkRecord {
    const { lengths, digests, duplicates, compressedLengths, codecs, contents, payloads } = this.#columns;
    const size = digests === undefined ? 0 : digests.length / lengths.length;
    const duplicate = duplicates?.[i] === 1;
    const view = payloads?.[i];
    const payload = this.#copies ? view?.slice() : view;
    return {
      offset,
      length: lengths[i] as number,
      ...(digests === undefined ? {} : { hash: digests.subarray(i * size, (i + 1) * size) }),
      ...(duplicates === undefined ? {} : { duplicate }),
      ...(compressedLengths === undefined || duplicate
        ? {}
        : { codec: this.codecNames[codecs?.[i] ?? 0] as string, compressedLength: compressedLengths[i] as number }),
      ...(contents?.[i] === undefined ? {} : { content: contents[i] as Content }),
      ...(payload === undefined ? {} : { payload }),
      copy: () => payload?.slice(),
    };
  }
}
