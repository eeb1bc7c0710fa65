import type { Awaitable } from './algorithm.js';

/** Kinds of implementation, in the order in which they are tried. */
export const KERNEL_KINDS = ['accelerator', 'native', 'platform', 'wasm', 'js'] as const;

/** What a kernel runs on, in the order in which they are tried. */
export type KernelKind = (typeof KERNEL_KINDS)[number];

/** Says whether a kernel can run here, and why not. Cheap: it loads nothing. */
export type Probe = () => Awaitable<{ readonly available: true } | { readonly available: false; readonly reason: string }>;

/** A loader of one kernel; with a probe where it can be known beforehand that loading is of no use. */
export type KernelLoader<Kernel> = (() => Promise<Kernel>) | { readonly load: () => Promise<Kernel>; readonly probe?: Probe };

/**
 * A kernel that is a WebAssembly module with Chunker's shared ABI (docs/formats/wasm-abi.md). Core runs it: inline when the work is small or synchronous, else in its
 * few worker threads. `encode` lays the options out as the module reads them.
 */
export interface WasmKernel<Options> {
  readonly module: WebAssembly.Module;
  encode(options: Options, handles: Readonly<Record<string, Uint8Array>>): Uint8Array;
}

/** The kernels of an algorithm, by kind. */
export interface Kernels<Kernel, Options> {
  readonly accelerator?: KernelLoader<Kernel>;
  readonly native?: KernelLoader<Kernel>;
  readonly platform?: KernelLoader<Kernel>;
  readonly wasm?: KernelLoader<Kernel | WasmKernel<Options>>;
  readonly js?: KernelLoader<Kernel>;
}

/** One kernel that was tried: chosen, or not and why. */
export interface KernelReport {
  readonly kind: KernelKind;
  readonly available: boolean;
  readonly chosen: boolean;
  readonly reason?: string;
}

/** What every kernel may say about itself. */
export interface KernelTraits<Options> {
  /**
   * Where the asynchronous methods run: on the executor or in workers (`away`), or on the calling thread (`here`, the default). Core calls the `…Sync` twin of an `away` kernel
   * when the work is too small to be worth the way.
   */
  readonly placement?: 'here' | 'away';
  /** Estimated nanoseconds per input byte of `operation`; decides whether a call is small. Default 1. */
  costPerByte?(operation: 'compress' | 'decompress' | 'hash' | 'chunk', options: Options): number;
  /**
   * Of codecs: bytes of working memory that one call takes beside its input and output (window, tables, dictionary), with these options and an input of `bytes` bytes (infinite for streams). The memory
   * budget waits or refuses by it. Default 0. For decoding the most that data made with these options may ask for; what the call's `limits.maxMemoryBytes` forbids is not counted.
   */
  memory?(operation: 'compress' | 'decompress', options: Options, bytes: number): number;
  /** Frees what the kernel holds beyond single calls. */
  dispose?(): Awaitable<void>;
}
