import type { Algorithm, Awaitable, DefinitionBase } from './algorithm.js';
import type { Batch, ByteSource } from './bytes.js';
import type { Call } from './call.js';
import type { CallParameters, Configured } from './codec.js';
import type { Kernels, KernelTraits } from './kernel.js';

/**
 * Wished cuts: offsets in the window, ascending. Core takes the hint nearest to the natural cut within `toleranceBytes` and within minSize..maxSize (of two equally
 * near ones the earlier), else the natural cut; the next chunk starts there.
 */
export interface Hints {
  readonly at: Float64Array;
  readonly toleranceBytes: number;
}

/** A cutter with state, fed piece by piece: each call returns the lengths of the chunks that are complete, `finish` those of the rest. */
export interface PushCutter {
  push(bytes: Uint8Array): Uint32Array;
  finish(): Uint32Array;
  dispose?(): void;
}

/**
 * Where to cut, for one set of options. The answer depends on the bytes of the window alone, and on no more than `reach` of them.
 */
export interface Cutter {
  /** No chunk but the last is shorter. */
  readonly minSize: number;
  /** No chunk is longer. */
  readonly maxSize: number;
  /** Bytes from a chunk's start that its cut may depend on. Default `maxSize`. */
  readonly reach?: number;
  /** The size that the parameters aim at; default half-way between `minSize` and `maxSize`. */
  readonly targetSize?: number;
  /**
   * The length of the chunk that starts at the window's first byte: 1..min(maxSize, window.length). The window holds at least `reach` bytes, or all that is left.
   */
  nextCut(window: Uint8Array): number;
  /**
   * Lengths of all chunks of the window that further bytes cannot change, and with `isLast` of all. Without hints only; core applies hints with `nextCut`.
   */
  cutAll?(window: Uint8Array, isLast: boolean, call: Call): Awaitable<Uint32Array>;
  cutAllSync?(window: Uint8Array, isLast: boolean): Uint32Array;
  /** The same cuts for bytes that come in pieces, from state of its own: core then need not hold a whole `reach`. For callers who want neither payload nor hints. */
  open?(): PushCutter;
  dispose?(): void;
}

/** The operations of a chunker as an author writes them; `cutter` is called once per configured chunker, so tables live there. */
export interface ChunkingKernel<Options> extends KernelTraits<Options> {
  cutter(options: Options): Cutter;
}

/** The author's face of a chunker. Chunkers that carry state over a cut are outside the contract. */
export type ChunkingAlgorithm<Name extends string, Input, Output, Profile extends string = never> = DefinitionBase<Name, Input, Output> & {
  readonly options: NonNullable<DefinitionBase<Name, Input, Output>['options']>;
  /** Named, versioned, frozen parameters: data cut with one can be cut the same way for ever. A profile's name is a key, no arithmetic. */
  readonly profiles?: Readonly<Record<Profile, NoInfer<Input>>>;
} & (ChunkingKernel<NoInfer<Output>> | { readonly kernels: Kernels<ChunkingKernel<NoInfer<Output>>, NoInfer<Output>> });

/** What `defineChunker` makes: a chunker that a registry takes, with its name and the options that an application may write in its type. */
export type ChunkerAlgorithm<Name extends string = string, Input = never> = Algorithm<'chunker', Name, Input>;

/** A chunk of an input. `payload` is there on request: a view, valid until the next chunk is pulled and empty afterwards, or a copy. */
export interface Chunk {
  readonly offset: number;
  readonly length: number;
  readonly payload?: Uint8Array;
  /** The payload as a buffer of its own, while it is valid. */
  copy(): Uint8Array;
}

/** Chunks of one input in memory: lengths are the data, offsets their running sum; objects are made when iterated. */
export interface ChunkList extends Iterable<Chunk> {
  readonly length: number;
  readonly lengths: Uint32Array;
  /** Start of each chunk. */
  offsets(): Float64Array;
}

/** What a caller may say with every cutting. */
export interface ChunkParameters extends CallParameters {
  /** Offsets in the input, ascending; `toleranceBytes` defaults to a quarter of `targetSize`. */
  readonly hints?: { readonly at: Float64Array; readonly toleranceBytes?: number };
  /** `none` by default. Of a stream, `view` is valid until the next pull. */
  readonly payload?: 'none' | 'view' | 'copy';
}

/** Push interface for data that arrives from elsewhere. After `finish`, or an error, every call is `already_finished`. */
export interface PushChunker {
  /** Returns the chunks that are complete; with `collect: false` they wait for `nextChunk`. */
  feed(bytes: Uint8Array, settings?: { readonly collect?: boolean }): Chunk[];
  finish(): Chunk[];
  /** The next complete chunk of what was fed, or undefined. */
  nextChunk(): Chunk | undefined;
}

/** A chunker with its options chosen and its kernel loaded: the user's face. */
export interface Chunker<Options = unknown> extends Configured<Options> {
  readonly kind: 'chunker';
  readonly profile?: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly targetSize: number;
  readonly reach: number;
  chunk(data: Uint8Array, call?: ChunkParameters): Promise<ChunkList>;
  chunkSync(data: Uint8Array, call?: ChunkParameters): ChunkList;
  chunkMany(batch: Batch, call?: ChunkParameters): Promise<ChunkList[]>;
  chunkManySync(batch: Batch, call?: ChunkParameters): ChunkList[];
  chunkStream(source: ByteSource, call?: ChunkParameters): AsyncIterable<Chunk>;
  open(call?: ChunkParameters): PushChunker;
  /**
   * For pipelines: lengths of the chunks of a window that further bytes cannot change (all of them when `isLast`). Hints as in `chunk`, in the window's own offsets.
   */
  cutWindow(window: Uint8Array, isLast: boolean, call?: ChunkParameters): Promise<Uint32Array>;
}
