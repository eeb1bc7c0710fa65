import type { Awaitable, BatchOutput, Call, CodecKernel, DecodeCall, Ranges } from '../contracts/index.js';
import { isBytes } from '../bytes/arrays.js';
import { BrokenPromise, disown, isThenable, resultBytes, resultCount, unexpected } from '../bytes/results.js';
import { isChunkerError } from '../errors/index.js';
import { after } from './awaitable.js';
import type { OutputLimits } from './limits.js';
import type { Operations, Taken } from './operation.js';

export type Direction = 'compress' | 'decompress';

type Whole = (data: Uint8Array, options: unknown, call: Call) => Awaitable<Uint8Array>;
type Into = (data: Uint8Array, output: Uint8Array, options: unknown, call: Call) => Awaitable<number>;
type Many = (buffer: Uint8Array, ranges: Ranges, options: unknown, call: Call) => Awaitable<BatchOutput>;

/** The kernel's methods of one direction, looked up once: a name put together in every call takes as long as the border. */
interface Methods {
  readonly whole: Whole;
  readonly wholeSync: Whole | undefined;
  readonly into: Into | undefined;
  readonly intoSync: Into | undefined;
  readonly many: Many | undefined;
  readonly manySync: Many | undefined;
}

function methodsOf(kernel: CodecKernel<unknown>, direction: Direction): Methods {
  const method = (suffix: string) => (kernel as unknown as Record<string, unknown>)[direction + suffix];
  return {
    whole: method('') as Whole,
    wholeSync: method('Sync') as Whole | undefined,
    into: method('Into') as Into | undefined,
    intoSync: method('IntoSync') as Into | undefined,
    many: method('Many') as Many | undefined,
    manySync: method('ManySync') as Many | undefined,
  };
}

/** A codec kernel's operations with their results checked and what is missing derived; no events, no credits: `Operations` is around. */
export class RawCodec {
  readonly taken: Taken<CodecKernel<unknown>>;
  readonly operations: Operations;
  readonly #methods: Readonly<Record<Direction, Methods>>;

  constructor(taken: Taken<CodecKernel<unknown>>, operations: Operations) {
    this.taken = taken;
    this.operations = operations;
    const { methods } = taken.kernel;
    this.#methods = { compress: methodsOf(methods, 'compress'), decompress: methodsOf(methods, 'decompress') };
  }

  /** The whole input at once. Small work of a kernel that could leave the thread stays here. */
  whole(direction: Direction, data: Uint8Array, call: Call): Awaitable<Uint8Array> {
    const { whole, wholeSync } = this.#methods[direction];
    const here = wholeSync !== undefined && this.taken.kernel.placement === 'away' && !this.operations.goesAway(direction, data.length);
    const method = here ? wholeSync : whole;
    return after(method(data, this.taken.options, call), (result) => this.#checked(direction, result, data, call));
  }

  wholeSync(direction: Direction, data: Uint8Array, call: Call): Uint8Array {
    const { whole, wholeSync: own } = this.#methods[direction];
    if (own === undefined && this.taken.kernel.placement === 'away') throw this.operations.syncUnavailable(direction);
    const result = (own ?? whole)(data, this.taken.options, call);
    return this.#checked(direction, this.#now(result, direction), data, call);
  }

  /** Into the caller's memory; without a method of the kernel's own the result is made and then copied. */
  into(direction: Direction, data: Uint8Array, output: Uint8Array, call: Call): Awaitable<number> {
    const { into: own, intoSync: sync } = this.#methods[direction];
    const here = sync !== undefined && (own === undefined || !this.operations.goesAway(direction, data.length));
    const method = here && this.taken.kernel.placement === 'away' ? sync : own;
    if (method !== undefined) {
      return after(method(data, output, this.taken.options, call), (count) => this.#counted(direction, count, output, call));
    }
    const limited = this.#within(direction, output, call);
    const place = (bytes: Uint8Array) => this.#place(direction, bytes, output);
    try {
      const bytes = this.whole(direction, data, limited);
      if (!isThenable(bytes)) return place(bytes as Uint8Array);
      return Promise.resolve(bytes as Promise<Uint8Array>).then(place, (thrown) => {
        throw this.#tooSmall(direction, thrown, output, call);
      });
    } catch (thrown) {
      throw this.#tooSmall(direction, thrown, output, call);
    }
  }

  intoSync(direction: Direction, data: Uint8Array, output: Uint8Array, call: Call): number {
    const { intoSync: own } = this.#methods[direction];
    if (own !== undefined) return this.#counted(direction, this.#now(own(data, output, this.taken.options, call), direction), output, call);
    try {
      return this.#place(direction, this.wholeSync(direction, data, this.#within(direction, output, call)), output);
    } catch (thrown) {
      throw this.#tooSmall(direction, thrown, output, call);
    }
  }

  /** The kernel's own batch method, or undefined. */
  many(direction: Direction, sync: boolean): Many | undefined {
    return sync ? this.#methods[direction].manySync : this.#methods[direction].many;
  }

  #checked(direction: Direction, result: Uint8Array, data: Uint8Array, call: Call): Uint8Array {
    // Before anything is copied: a result over the limit takes no memory of ours.
    if (direction === 'decompress' && isBytes(result)) {
      const limits = (call as DecodeCall).limits as OutputLimits;
      if (result.length > limits.maxOutputBytes) throw limits.exceeded();
    }
    return resultBytes(result, data);
  }

  #counted(direction: Direction, count: number, output: Uint8Array, call: Call): number {
    const written = resultCount(count, output.length);
    if (direction === 'decompress') {
      const limits = (call as DecodeCall).limits as OutputLimits;
      if (written > limits.maxOutputBytes) throw limits.exceeded();
    }
    return written;
  }

  #place(direction: Direction, bytes: Uint8Array, output: Uint8Array): number {
    if (bytes.length > output.length) throw this.#small(direction, output, bytes.length);
    output.set(bytes);
    return bytes.length;
  }

  #within(direction: Direction, output: Uint8Array, call: Call): Call {
    if (direction === 'compress') return call;
    const decode = call as DecodeCall;
    return { ...decode, limits: (decode.limits as OutputLimits).within(output.length) } as DecodeCall;
  }

  /** A result over the limit that stood for the buffer's size means that the buffer is too small; over the caller's own limit it is what it says. */
  #tooSmall(direction: Direction, thrown: unknown, output: Uint8Array, call: Call): unknown {
    if (direction === 'compress' || !isChunkerError(thrown, 'size_exceeded')) return thrown;
    const own = (call as DecodeCall).limits.maxOutputBytes;
    const { declared } = thrown.details;
    if (own <= output.length || (declared !== undefined && declared > own)) {
      return ((call as DecodeCall).limits as OutputLimits).exceeded(declared);
    }
    return this.#small(direction, output, declared);
  }

  #small(operation: Direction, output: Uint8Array, needed: number | undefined): Error {
    const { name: algorithm } = this.taken.definition;
    return this.operations.error('output_too_small', { algorithm, operation, available: output.length, ...(needed === undefined ? {} : { needed }) });
  }

  #now<T>(result: Awaitable<T>, operation: string): T {
    if (!isThenable(result)) return result as T;
    disown(result);
    throw this.operations.syncUnavailable(operation);
  }
}

/** The lengths and errors of a batch, checked against the number of items asked for. */
export function checkedBatch(output: BatchOutput, count: number): BatchOutput {
  if (output === null || typeof output !== 'object') throw unexpected(output, 'a batch');
  const buffer = resultBytes(output.buffer);
  const { lengths, errors } = output;
  if (!(lengths instanceof Uint32Array) || lengths.length !== count) throw new BrokenPromise(`it returned no ${count} lengths`);
  if (typeof errors?.get !== 'function' || typeof errors[Symbol.iterator] !== 'function') throw new BrokenPromise('it returned no map of errors');
  let sum = 0;
  for (const length of lengths) sum += length;
  if (sum > buffer.length) throw new BrokenPromise('it returned lengths beyond its buffer');
  for (const [index] of errors) {
    if (!Number.isInteger(index) || index < 0 || index >= count || lengths[index] !== 0) throw new BrokenPromise('it returned an error for no item');
  }
  return { buffer, lengths, errors };
}
