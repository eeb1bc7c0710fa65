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

/** Results beyond what was made room for: a little more than the ratio so far says, so that the next growth is seldom. */
const HEADROOM = 1.05;
const LEAST_GROWTH = 64 * 1024;
const NOTHING = new Uint8Array(0);

/**
 * Gathers results and lays them one behind the other in memory that grows by the ratio seen so far: what is done says how much the rest will take. Items may come in any order; those that come early wait, so whoever fills
 * it must not run far ahead of `next`.
 */
export class BatchCollector {
  readonly #lengths: Uint32Array;
  readonly #inputs: Uint32Array;
  readonly #errors = new Map<number, Error>();
  readonly #early = new Map<number, Uint8Array>();
  #inputLeft: number;
  #inputDone = 0;
  #output: Uint8Array = NOTHING;
  #filled = 0;
  #total = 0;
  #next = 0;

  /** `inputs`: length of each item before. */
  constructor(inputs: Uint32Array, inputBytes: number) {
    this.#inputs = inputs;
    this.#inputLeft = inputBytes;
    this.#lengths = new Uint32Array(inputs.length);
  }

  /** Bytes of all results so far. */
  get totalBytes(): number {
    return this.#total;
  }

  /** The first item whose result has not come. */
  get next(): number {
    return this.#next;
  }

  item(index: number, bytes: Uint8Array): void {
    this.#lengths[index] = bytes.length;
    this.#total += bytes.length;
    this.#early.set(index, bytes);
    this.#lay();
  }

  failed(index: number, error: Error): void {
    this.#errors.set(index, error);
    this.#early.set(index, NOTHING);
    this.#lay();
  }

  /** Results of the items from `first` on, one behind the other in `buffer`, which becomes the collector's own; failed ones have length 0. Runs come in order. */
  run(first: number, buffer: Uint8Array, lengths: Uint32Array, errors: ReadonlyMap<number, Error>): void {
    for (const [index, error] of errors) this.#errors.set(first + index, error);
    this.#lengths.set(lengths, first);
    let sum = 0;
    let input = 0;
    for (let index = 0; index < lengths.length; index++) {
      sum += lengths[index] as number;
      input += this.#inputs[first + index] as number;
    }
    this.#total += sum;
    this.#next = first + lengths.length;
    const isAll = first === 0 && lengths.length === this.#lengths.length;
    if (isAll) [this.#output, this.#filled] = [buffer, sum];
    else this.#append(buffer.subarray(0, sum), input);
  }

  finish(): ByteResults {
    const errors = new Map([...this.#errors].sort(([a], [b]) => a - b));
    const spare = this.#output.length - this.#filled;
    // Where the ratio was another in the end, the caller does not keep what nobody needs.
    const isMuch = spare > this.#filled / 4 + LEAST_GROWTH;
    return new ByteResults(isMuch ? this.#output.slice(0, this.#filled) : this.#output.subarray(0, this.#filled), this.#lengths, errors);
  }

  #lay(): void {
    for (let bytes = this.#early.get(this.#next); bytes !== undefined; bytes = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      this.#append(bytes, this.#inputs[this.#next] as number);
      this.#next += 1;
    }
  }

  #append(bytes: Uint8Array, input: number): void {
    this.#inputDone += input;
    this.#inputLeft -= input;
    const end = this.#filled + bytes.length;
    if (end > this.#output.length) this.#grow(end);
    this.#output.set(bytes, this.#filled);
    this.#filled = end;
  }

  #grow(least: number): void {
    const expected = this.#inputDone === 0 ? 0 : (least / this.#inputDone) * this.#inputLeft * HEADROOM;
    // At least by an eighth: a ratio that gets worse all the time would copy everything again and again.
    const wanted = this.#inputLeft === 0 ? least : Math.max(least + expected, least * 1.125, Math.min(LEAST_GROWTH, 4 * least));
    const grown = new Uint8Array(Math.ceil(wanted));
    grown.set(this.#output.subarray(0, this.#filled));
    this.#output = grown;
  }
}
