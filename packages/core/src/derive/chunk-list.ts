import type { Chunk, ChunkList } from '../contracts/index.js';
import { runningSum } from '../bytes/batches.js';
import { copyOf } from '../bytes/inputs.js';
import { ChunkingError } from '../errors/index.js';

/** What a caller wants of a chunk's bytes. */
export type Payload = 'none' | 'view' | 'copy';

/** One chunk; its payload is a view of somebody's buffer, or a copy. */
export class PlainChunk implements Chunk {
  readonly offset: number;
  readonly length: number;
  readonly payload?: Uint8Array;

  constructor(offset: number, length: number, payload?: Uint8Array) {
    this.offset = offset;
    this.length = length;
    if (payload !== undefined) this.payload = payload;
  }

  copy(): Uint8Array {
    const { payload } = this;
    if (payload === undefined) throw new ChunkingError('invalid_input', { operation: 'copy', name: 'payload', value: 'none', expected: 'chunks with payload' });
    if (payload.length !== this.length)
      throw new ChunkingError('already_finished', { operation: 'copy' }, { message: 'the payload was valid until the next chunk was pulled' });
    return copyOf(payload);
  }
}

/** Chunks of an input in memory. Keeps the input only where payloads were asked for. */
export class Chunks implements ChunkList {
  readonly lengths: Uint32Array;
  readonly #data: Uint8Array | undefined;
  readonly #copies: boolean;
  #offsets: Float64Array | undefined;

  constructor(lengths: Uint32Array, data: Uint8Array, payload: Payload) {
    this.lengths = lengths;
    this.#data = payload === 'none' ? undefined : data;
    this.#copies = payload === 'copy';
  }

  get length(): number {
    return this.lengths.length;
  }

  offsets(): Float64Array {
    this.#offsets ??= runningSum(this.lengths);
    return this.#offsets;
  }

  *[Symbol.iterator](): Iterator<Chunk> {
    let offset = 0;
    for (const length of this.lengths) {
      const view = this.#data?.subarray(offset, offset + length);
      yield new PlainChunk(offset, length, view !== undefined && this.#copies ? copyOf(view) : view);
      offset += length;
    }
  }
}
