import type { ByteBatch } from '../contracts/index.js';
import { runningSum } from '../bytes/batches.js';

/** Results of a batch; views are made when somebody asks. */
export class ByteResults implements ByteBatch {
  readonly buffer: Uint8Array;
  readonly lengths: Uint32Array;
  readonly errors: ReadonlyMap<number, Error>;
  #offsets: Float64Array | undefined;

  constructor(buffer: Uint8Array, lengths: Uint32Array, errors: ReadonlyMap<number, Error>) {
    this.buffer = buffer;
    this.lengths = lengths;
    this.errors = errors;
  }

  get length(): number {
    return this.lengths.length;
  }

  at(index: number): Uint8Array {
    const error = this.errors.get(index);
    if (error !== undefined) throw error;
    if (!Number.isInteger(index) || index < 0 || index >= this.lengths.length) throw new RangeError(`the batch has ${this.lengths.length} items`);
    this.#offsets ??= runningSum(this.lengths);
    const offset = this.#offsets[index] as number;
    return this.buffer.subarray(offset, offset + (this.lengths[index] as number));
  }

  *[Symbol.iterator](): Iterator<Uint8Array> {
    for (let index = 0; index < this.lengths.length; index++) yield this.at(index);
  }
}

/** Gathers results as they come, in any order, and lays them one behind the other at the end. */
export class BatchCollector {
  readonly #lengths: Uint32Array;
  readonly #errors = new Map<number, Error>();
  /** Results of items, or of runs of items, by the index of the first. */
  readonly #parts = new Map<number, Uint8Array>();
  #total = 0;

  constructor(count: number) {
    this.#lengths = new Uint32Array(count);
  }

  get totalBytes(): number {
    return this.#total;
  }

  item(index: number, bytes: Uint8Array): void {
    this.#lengths[index] = bytes.length;
    this.#parts.set(index, bytes);
    this.#total += bytes.length;
  }

  failed(index: number, error: Error): void {
    this.#errors.set(index, error);
  }

  /** Results of the items from `first` on, one behind the other in `buffer`. */
  run(first: number, buffer: Uint8Array, lengths: Uint32Array): void {
    this.#lengths.set(lengths, first);
    let sum = 0;
    for (const length of lengths) sum += length;
    this.#parts.set(first, buffer.subarray(0, sum));
    this.#total += sum;
  }

  finish(): ByteResults {
    const errors = new Map([...this.#errors].sort(([a], [b]) => a - b));
    const parts = [...this.#parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
    if (parts.length === 1) return new ByteResults(parts[0] as Uint8Array, this.#lengths, errors);
    const buffer = new Uint8Array(this.#total);
    let offset = 0;
    for (const part of parts) {
      buffer.set(part, offset);
      offset += part.length;
    }
    return new ByteResults(buffer, this.#lengths, errors);
  }
}
