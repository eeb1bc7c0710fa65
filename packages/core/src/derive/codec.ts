import type {
  Awaitable,
  Batch,
  ByteBatch,
  ByteSource,
  ByteStream,
  Call,
  CallParameters,
  Capabilities,
  Codec,
  CodecGuarantees,
  CodecKernel,
  DecodeCall,
  DecodeParameters,
  FrameSummary,
  KernelKind,
} from '../contracts/index.js';
import { readBatch } from '../bytes/batches.js';
import { fixedInTurns } from './fixed-input.js';
import { readableInput, wholeNumber, writableOutput } from '../bytes/inputs.js';
import { disown, isThenable, unexpected } from '../bytes/results.js';
import { asPluginError } from '../errors/areas.js';
import { LazyByteStream } from './byte-stream.js';
import { capabilitiesOf } from './capabilities.js';
import { CodecMemory } from './codec-memory.js';
import { codecMany, codecManySync } from './codec-batch.js';
import { codecStream } from './codec-stream.js';
import { codecTransform } from './codec-transform.js';
import type { OutputLimits } from './limits.js';
import { Operations, type Taken } from './operation.js';
import { type Direction, RawCodec } from './raw-codec.js';

const ofBytes = (bytes: Uint8Array) => ({ outputBytes: bytes.length, items: 1 });
const ofCount = (count: number) => ({ outputBytes: count, items: 1 });
const ofBatch = (batch: ByteBatch) => ({ outputBytes: batch.buffer.length, items: batch.length });

/** Names of operations, made once. */
const INTO = { compress: 'compressInto', decompress: 'decompressInto' } as const;
const MANY = { compress: 'compressMany', decompress: 'decompressMany' } as const;

/** A codec with every operation, whatever its kernel brings. */
export class TakenCodec implements Codec {
  readonly kind = 'codec';
  readonly name: string;
  readonly spec: string;
  readonly options: unknown;
  readonly kernel: KernelKind;
  readonly guarantees: CodecGuarantees;
  readonly inspect?: (data: Uint8Array) => FrameSummary;
  readonly #raw: RawCodec;
  readonly #operations: Operations;
  readonly #memory: CodecMemory;
  #capabilities: Capabilities | undefined;

  constructor(taken: Taken<CodecKernel<unknown>>) {
    this.name = taken.definition.name;
    this.spec = taken.spec;
    this.options = taken.options;
    this.kernel = taken.kernel.kind;
    this.guarantees = taken.definition.guarantees;
    this.#operations = new Operations(taken);
    this.#raw = new RawCodec(taken, this.#operations);
    this.#memory = new CodecMemory(taken);
    const { inspect } = taken.kernel.methods;
    if (inspect !== undefined) this.inspect = (data) => this.#inspect(inspect, data);
  }

  get capabilities(): Capabilities {
    this.#capabilities ??= capabilitiesOf(this.#raw.taken, ['compress', 'decompress'], (method) => {
      const { compress, decompress } = this.#raw.taken.kernel.methods;
      const empty = new Uint8Array(0);
      const call = this.#operations.decodeCall(undefined);
      return method === 'compress' ? compress(empty, this.options, call) : decompress(empty, this.options, call);
    });
    return this.#capabilities;
  }

  compress(data: Uint8Array, parameters?: CallParameters): Promise<Uint8Array> {
    return this.#whole('compress', data, parameters);
  }

  decompress(data: Uint8Array, parameters?: DecodeParameters): Promise<Uint8Array> {
    return this.#whole('decompress', data, parameters);
  }

  compressSync(data: Uint8Array, parameters?: CallParameters): Uint8Array {
    return this.#wholeSync('compress', data, parameters);
  }

  decompressSync(data: Uint8Array, parameters?: DecodeParameters): Uint8Array {
    return this.#wholeSync('decompress', data, parameters);
  }

  compressInto(data: Uint8Array, output: Uint8Array, parameters?: CallParameters): Promise<number> {
    return this.#into('compress', data, output, parameters);
  }

  decompressInto(data: Uint8Array, output: Uint8Array, parameters?: DecodeParameters): Promise<number> {
    return this.#into('decompress', data, output, parameters);
  }

  compressIntoSync(data: Uint8Array, output: Uint8Array, parameters?: CallParameters): number {
    return this.#intoSync('compress', data, output, parameters);
  }

  decompressIntoSync(data: Uint8Array, output: Uint8Array, parameters?: DecodeParameters): number {
    return this.#intoSync('decompress', data, output, parameters);
  }

  compressMany(batch: Batch, parameters?: CallParameters): Promise<ByteBatch> {
    return this.#many('compress', batch, parameters);
  }

  decompressMany(batch: Batch, parameters?: DecodeParameters): Promise<ByteBatch> {
    return this.#many('decompress', batch, parameters);
  }

  compressManySync(batch: Batch, parameters?: CallParameters): ByteBatch {
    return this.#manySync('compress', batch, parameters);
  }

  decompressManySync(batch: Batch, parameters?: DecodeParameters): ByteBatch {
    return this.#manySync('decompress', batch, parameters);
  }

  compressStream(source: ByteSource, parameters?: CallParameters): ByteStream {
    return new LazyByteStream(() => codecStream(this.#raw, 'compress', source, parameters));
  }

  decompressStream(source: ByteSource, parameters?: DecodeParameters): ByteStream {
    return new LazyByteStream(() => codecStream(this.#raw, 'decompress', source, parameters));
  }

  compressor(parameters?: CallParameters): TransformStream<Uint8Array, Uint8Array> {
    return codecTransform(this.#raw, 'compress', parameters);
  }

  decompressor(parameters?: DecodeParameters): TransformStream<Uint8Array, Uint8Array> {
    return codecTransform(this.#raw, 'decompress', parameters);
  }

  compressBound(bytes: number): number {
    const size = wholeNumber('codec', 'bytes', bytes, 0);
    const { compressBound } = this.#raw.taken.kernel.methods;
    const bound: unknown = compressBound?.(size, this.options);
    if (Number.isSafeInteger(bound) && (bound as number) >= 0) return bound as number;
    disown(bound);
    // Without word from the kernel: what formats that store what they cannot compress stay well below.
    return size + Math.ceil(size / 16) + 1024;
  }

  memory(operation: Direction, bytes: number): number {
    const size = wholeNumber('codec', 'bytes', bytes, 0);
    return this.#memory.working(operation, size) + this.#memory.results(operation, size, operation === 'compress' ? this.compressBound(size) : 0);
  }

  #work<T>(direction: Direction, call: Call, work: () => Awaitable<T>): () => Awaitable<T> {
    return direction === 'compress' ? work : ((call as DecodeCall).limits as OutputLimits).named(work);
  }

  /** What a call takes beside its input; a result within the limit for one buffer. */
  #need(direction: Direction, data: Uint8Array, call: Call): number {
    const result = this.#memory.result(direction, data, call, direction === 'compress' ? this.compressBound(data.length) : 0);
    this.#raw.taken.scope.memory.checkBuffer(result, { algorithm: this.name, operation: direction });
    return this.#memory.allowed(direction, data.length, call) + result;
  }

  #needMany(direction: Direction, bytes: number, call: Call): number {
    return this.#memory.allowed(direction, bytes, call) + this.#memory.results(direction, bytes, direction === 'compress' ? this.compressBound(bytes) : 0);
  }

  #call(direction: Direction, parameters: DecodeParameters | undefined) {
    return direction === 'compress' ? this.#operations.call(parameters) : this.#operations.decodeCall(parameters);
  }

  #whole(direction: Direction, data: Uint8Array, parameters: DecodeParameters | undefined): Promise<Uint8Array> {
    const fixed = fixedInTurns('codec', data, parameters?.signal);
    if (fixed !== undefined) return fixed.then((input) => this.#whole(direction, input, parameters));
    try {
      const input = readableInput('codec', data);
      const call = this.#call(direction, parameters);
      const need = () => this.#need(direction, input, call);
      const work = this.#work(direction, call, () => this.#raw.whole(direction, input, call));
      return this.#operations.run(direction, input.length, parameters, work, ofBytes, need);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  #wholeSync(direction: Direction, data: Uint8Array, parameters: DecodeParameters | undefined): Uint8Array {
    const input = readableInput('codec', data);
    const call = this.#call(direction, parameters);
    const need = () => this.#need(direction, input, call);
    const work = this.#work(direction, call, () => this.#raw.wholeSync(direction, input, call)) as () => Uint8Array;
    return this.#operations.runSync(direction, input.length, parameters, work, ofBytes, need);
  }

  async #into(direction: Direction, data: Uint8Array, output: Uint8Array, parameters: DecodeParameters | undefined): Promise<number> {
    const fixed = fixedInTurns('codec', data, parameters?.signal);
    if (fixed !== undefined) return this.#into(direction, await fixed, output, parameters);
    const input = readableInput('codec', data);
    const target = writableOutput('codec', output, input);
    const call = this.#call(direction, parameters);
    const need = () => this.#memory.allowed(direction, input.length, call);
    return this.#operations.run(INTO[direction], input.length, parameters, () => this.#raw.into(direction, input, target, call), ofCount, need);
  }

  #intoSync(direction: Direction, data: Uint8Array, output: Uint8Array, parameters: DecodeParameters | undefined): number {
    const input = readableInput('codec', data);
    const target = writableOutput('codec', output, input);
    const call = this.#call(direction, parameters);
    const need = () => this.#memory.allowed(direction, input.length, call);
    return this.#operations.runSync(INTO[direction], input.length, parameters, () => this.#raw.intoSync(direction, input, target, call), ofCount, need);
  }

  async #many(direction: Direction, batch: Batch, parameters: DecodeParameters | undefined): Promise<ByteBatch> {
    const items = readBatch('codec', batch);
    const call = this.#call(direction, parameters);
    const need = () => this.#needMany(direction, items.totalBytes, call);
    return this.#operations.run(MANY[direction], items.totalBytes, parameters, () => codecMany(this.#raw, direction, items, call), ofBatch, need);
  }

  #manySync(direction: Direction, batch: Batch, parameters: DecodeParameters | undefined): ByteBatch {
    const items = readBatch('codec', batch);
    const call = this.#call(direction, parameters);
    const need = () => this.#needMany(direction, items.totalBytes, call);
    return this.#operations.runSync(MANY[direction], items.totalBytes, parameters, () => codecManySync(this.#raw, direction, items, call), ofBatch, need);
  }

  #inspect(inspect: NonNullable<CodecKernel<unknown>['inspect']>, data: Uint8Array): FrameSummary {
    this.#raw.taken.scope.life.check(this.name);
    try {
      const summary: unknown = inspect(readableInput('codec', data), this.options);
      if (summary === null || typeof summary !== 'object' || isThenable(summary)) throw unexpected(summary, 'a summary');
      return summary as FrameSummary;
    } catch (thrown) {
      throw asPluginError('codec', { algorithm: this.name, operation: 'inspect' }, thrown);
    }
  }
}
