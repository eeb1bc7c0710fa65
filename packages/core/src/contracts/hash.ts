import type { Algorithm, Awaitable, DefinitionBase } from './algorithm.js';
import type { Batch, ByteSource, Ranges } from './bytes.js';
import type { Call } from './call.js';
import type { CallParameters, Configured } from './codec.js';
import type { Kernels, KernelTraits } from './kernel.js';

/**
 * A hash that is fed piece by piece. `digest` may be asked once; `clone` gives a second state that goes on independently.
 */
export interface HashState {
  update(data: Uint8Array): Awaitable<void>;
  /** Present where `update` may leave the calling thread; a state that has gone to another thread for good has none any more. */
  readonly updateSync?: ((data: Uint8Array) => void) | undefined;
  digest(): Awaitable<Uint8Array>;
  readonly digestSync?: (() => Uint8Array) | undefined;
  clone?(): HashState;
  dispose?(): void;
}

/** The operations of a hash as an author writes them; required is `hash`. */
export interface HashKernel<Options> extends KernelTraits<Options> {
  /** Returns `digestLength` bytes that depend on `data`, the options and the handles alone. */
  hash(data: Uint8Array, options: Options, call: Call): Awaitable<Uint8Array>;
  hashSync?(data: Uint8Array, options: Options, call: Call): Uint8Array;
  /**
   * Beside `hash` and before it: the same, written to `output`, which has exactly `digestLength` bytes. Memory that core made needs no look at what it is, which for short messages takes as long as
   * hashing them.
   */
  hashInto?(data: Uint8Array, output: Uint8Array, options: Options, call: Call): Awaitable<void>;
  /** The same beside `hashSync`. */
  hashIntoSync?(data: Uint8Array, output: Uint8Array, options: Options, call: Call): void;
  /** Writes the digest of range i to `output` at `i * digestLength`. `output` is exactly as long as needed. */
  hashMany?(buffer: Uint8Array, ranges: Ranges, output: Uint8Array, options: Options, call: Call): Awaitable<void>;
  hashManySync?(buffer: Uint8Array, ranges: Ranges, output: Uint8Array, options: Options, call: Call): void;
  create?(options: Options, call: Call): HashState;
}

/** The author's face of a hash. */
export type HashAlgorithm<Name extends string, Input, Output> = DefinitionBase<Name, Input, Output> & {
  /** Bytes of a digest: a number, or a function of the options. */
  readonly digestLength: number | ((options: NoInfer<Output>) => number);
} & (HashKernel<NoInfer<Output>> | { readonly kernels: Kernels<HashKernel<NoInfer<Output>>, NoInfer<Output>> });

/** What `defineHash` makes: a hash that a registry takes, with its name and the options that an application may write in its type. */
export type HashDefinition<Name extends string = string, Input = never> = Algorithm<'hash', Name, Input>;

/** The user's face of an incremental hash. */
export interface Hasher {
  update(data: Uint8Array): Promise<void>;
  updateSync(data: Uint8Array): void;
  digest(): Promise<Uint8Array>;
  digestSync(): Uint8Array;
  clone(): Hasher;
  dispose(): void;
}

/** A hash with its options chosen and its kernel loaded: the user's face. */
export interface Hash<Options = unknown> extends Configured<Options> {
  readonly kind: 'hash';
  readonly digestLength: number;
  hash(data: Uint8Array, call?: CallParameters): Promise<Uint8Array>;
  hashSync(data: Uint8Array, call?: CallParameters): Uint8Array;
  /** All digests in one array, `digestLength` bytes each, in order. */
  hashMany(batch: Batch, call?: CallParameters): Promise<Uint8Array>;
  hashManySync(batch: Batch, call?: CallParameters): Uint8Array;
  hashStream(source: ByteSource, call?: CallParameters): Promise<Uint8Array>;
  create(call?: CallParameters): Hasher;
}
