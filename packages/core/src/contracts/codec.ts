import type { Algorithm, Awaitable, DefinitionBase } from './algorithm.js';
import type { Batch, BatchOutput, ByteSource, ByteStream, Ranges } from './bytes.js';
import type { Call, DecodeCall, Scratch } from './call.js';
import type { Efforts } from './effort.js';
import type { KernelKind, Kernels, KernelTraits } from './kernel.js';

/** A signature at the head of a format. A bit that is 0 in `mask` is not compared. Only `skippable` magics may be shared by several codecs. */
export interface Magic {
  readonly bytes: Uint8Array | readonly number[];
  readonly mask?: Uint8Array | readonly number[];
  readonly skippable?: boolean;
}

/** Promises of the format. The laws read them; a false one is a failure. */
export interface CodecGuarantees {
  /** Data cut anywhere inside is refused. */
  readonly detectsTruncation?: boolean;
  /** Changed bits are refused, or change nothing. */
  readonly detectsCorruption?: boolean;
  /** Two compressed pieces one behind the other decompress to the two inputs one behind the other. */
  readonly concatenable?: boolean;
  /** The same input and options give the same bytes, always. */
  readonly deterministic?: boolean;
}

/** What a codec can tell of compressed data without decoding it. */
export interface FrameSummary {
  readonly frames: number;
  /** Sum of the declared sizes; absent where one frame does not tell. */
  readonly contentBytes?: number;
  /** The largest window a decoder needs. */
  readonly windowBytes?: number;
  readonly dictionaryId?: number;
  readonly checksum?: boolean;
  /** Which checksum, by the format's own name, where all frames have the same. */
  readonly check?: string;
  /** Parts that can be decoded independently, where the format tells. */
  readonly blocks?: number;
  readonly skippableBytes?: number;
}

/** What a step of a push form gives: bytes (none: an empty array), or several pieces, which are pulled one by one as their reader wants them. */
export type Pieces = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * A codec that is fed piece by piece. `push` and `finish` give what is ready, `finish` the rest. No piece is larger than 4 MiB: where little input may give much (decoders), a step is a generator
 * (`*push(data)` or `async *push(data)`) that makes its next piece when it is pulled. Pieces are views that are valid until the next pull or call; `data` stays as it is until its last piece was
 * pulled. Steps follow one another; one that is given up midway is followed by `dispose` alone. After an error it is of no further use.
 */
export interface PushTransform {
  push(data: Uint8Array): Awaitable<Pieces>;
  finish(): Awaitable<Pieces>;
  dispose?(): void;
}

/**
 * The operations of a codec as an author writes them. Required are `compress` and `decompress`; core derives the others, and takes a kernel's own where it
 * has one. Input is never modified nor kept; output belongs to the caller. A method may return its result or a promise of it. Errors are core's classes.
 */
export interface CodecKernel<Options> extends KernelTraits<Options> {
  /** Returns data that `decompress` turns back into `data`. */
  compress(data: Uint8Array, options: Options, call: Call): Awaitable<Uint8Array>;
  /** Returns the bytes that were compressed; refuses anything else by a typed error. Calls `call.limits.claim` before it allocates output. */
  decompress(data: Uint8Array, options: Options, call: DecodeCall): Awaitable<Uint8Array>;
  compressSync?(data: Uint8Array, options: Options, call: Call): Uint8Array;
  decompressSync?(data: Uint8Array, options: Options, call: DecodeCall): Uint8Array;
  /** Writes to the start of `output` and returns the bytes written; `output_too_small` where it does not fit. What lies behind stays as it was or is zero. */
  compressInto?(data: Uint8Array, output: Uint8Array, options: Options, call: Call): Awaitable<number>;
  decompressInto?(data: Uint8Array, output: Uint8Array, options: Options, call: DecodeCall): Awaitable<number>;
  compressIntoSync?(data: Uint8Array, output: Uint8Array, options: Options, call: Call): number;
  decompressIntoSync?(data: Uint8Array, output: Uint8Array, options: Options, call: DecodeCall): number;
  /** One result per range, in order; a failing item does not stop the others. */
  compressMany?(buffer: Uint8Array, ranges: Ranges, options: Options, call: Call): Awaitable<BatchOutput>;
  decompressMany?(buffer: Uint8Array, ranges: Ranges, options: Options, call: DecodeCall): Awaitable<BatchOutput>;
  compressManySync?(buffer: Uint8Array, ranges: Ranges, options: Options, call: Call): BatchOutput;
  decompressManySync?(buffer: Uint8Array, ranges: Ranges, options: Options, call: DecodeCall): BatchOutput;
  compressor?(options: Options, call: Call): PushTransform;
  decompressor?(options: Options, call: DecodeCall): PushTransform;
  /** An upper bound of the compressed size of `bytes` bytes. */
  compressBound?(bytes: number, options: Options): number;
  /** Reads headers only. `data` may be the head of a longer input. */
  inspect?(data: Uint8Array, options: Options): FrameSummary;
}

/** What belongs to the format and not to an implementation of it. */
export interface CodecTraits {
  /** How the format is recognised: bytes of one magic, or several magics. The longest magic among all registered codecs wins. */
  readonly magicBytes?: Uint8Array | readonly number[] | readonly Magic[];
  /** Recognises what no fixed bytes can tell; asked after all magics, with the first bytes of the data. */
  recognise?(head: Uint8Array): boolean;
  readonly guarantees?: CodecGuarantees;
  /** Options for what one may want of compressing, with figures: strategies choose by them. */
  readonly efforts?: Efforts;
}

/** The author's face of a codec: inline methods are its js kernel, otherwise `kernels` says how to get each. */
export type CompressionCodec<Name extends string, Input, Output> = DefinitionBase<Name, Input, Output> &
  CodecTraits &
  (CodecKernel<NoInfer<Output>> | { readonly kernels: Kernels<CodecKernel<NoInfer<Output>>, NoInfer<Output>> });

/** What `defineCodec` makes: a codec that a registry takes, with its name and the options that an application may write in its type. */
export type CodecAlgorithm<Name extends string = string, Input = never> = Algorithm<'codec', Name, Input>;

/** What a caller may say with every call. */
export interface CallParameters {
  readonly signal?: AbortSignal;
  readonly scratch?: Scratch;
  /** See `Call.inPlace`. */
  readonly inPlace?: boolean;
  /** How urgent this call is among those that wait, 0 (default) to 7: the executor takes higher ones first. */
  readonly priority?: number;
  /** Memory that the caller set aside (`registry.memory.reserve`): the call takes no more of the budget. */
  readonly reservation?: { readonly bytes: number };
}

/** What a caller may say with every decoding call. */
export interface DecodeParameters extends CallParameters {
  readonly allowTrailing?: boolean;
  /** Default 1 GiB for results in memory, none for streams. */
  readonly maxOutputBytes?: number;
  /** Default 128 MiB: window, dictionary and tables of the decoder. */
  readonly maxMemoryBytes?: number;
}

/** What is a kernel's own and what core derived. */
export interface Capabilities {
  /** The `Sync` twins work. */
  readonly sync: boolean;
  /** The asynchronous methods leave the calling thread. */
  readonly parallel: boolean;
  /** Operations that the kernel brings itself; all others are derived. */
  readonly own: readonly string[];
}

/** What every taken algorithm tells of itself. */
export interface Configured<Options> {
  readonly name: string;
  /** `zstd:level=9`: `registry.parse` reads it back. Handles do not appear in it. */
  readonly spec: string;
  readonly options: Options;
  readonly kernel: KernelKind;
  readonly capabilities: Capabilities;
}

/** A batch's results: iterate for views, or read the arrays. */
export interface ByteBatch extends BatchOutput, Iterable<Uint8Array> {
  readonly length: number;
  /** Item i as a view of `buffer`; throws the item's error where it failed. */
  at(index: number): Uint8Array;
}

/** A codec with its options chosen and its kernel loaded: the user's face. */
export interface Codec<Options = unknown> extends Configured<Options> {
  readonly kind: 'codec';
  readonly guarantees: CodecGuarantees;
  compress(data: Uint8Array, call?: CallParameters): Promise<Uint8Array>;
  decompress(data: Uint8Array, call?: DecodeParameters): Promise<Uint8Array>;
  compressSync(data: Uint8Array, call?: CallParameters): Uint8Array;
  decompressSync(data: Uint8Array, call?: DecodeParameters): Uint8Array;
  compressInto(data: Uint8Array, output: Uint8Array, call?: CallParameters): Promise<number>;
  decompressInto(data: Uint8Array, output: Uint8Array, call?: DecodeParameters): Promise<number>;
  compressIntoSync(data: Uint8Array, output: Uint8Array, call?: CallParameters): number;
  decompressIntoSync(data: Uint8Array, output: Uint8Array, call?: DecodeParameters): number;
  compressMany(batch: Batch, call?: CallParameters): Promise<ByteBatch>;
  decompressMany(batch: Batch, call?: DecodeParameters): Promise<ByteBatch>;
  compressManySync(batch: Batch, call?: CallParameters): ByteBatch;
  decompressManySync(batch: Batch, call?: DecodeParameters): ByteBatch;
  compressStream(source: ByteSource, call?: CallParameters): ByteStream;
  decompressStream(source: ByteSource, call?: DecodeParameters): ByteStream;
  compressor(call?: CallParameters): TransformStream<Uint8Array, Uint8Array>;
  decompressor(call?: DecodeParameters): TransformStream<Uint8Array, Uint8Array>;
  compressBound(bytes: number): number;
  /** Estimated bytes that one call on `bytes` bytes takes beside its input: working memory and result. What the memory budget counts. */
  memory(operation: 'compress' | 'decompress', bytes: number): number;
  /** Absent where the codec cannot tell. */
  readonly inspect?: (data: Uint8Array) => FrameSummary;
}
