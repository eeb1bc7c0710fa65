import type { KernelKind, KernelReport } from '@chunker/core';
import type { SlabPool } from '@chunker/core/native';
import { nativeKernel } from '#native';
import type { ArchiveResume } from './archive.js';
import type { Listing } from './records.js';
import type { MakeOrders } from './orders.js';
import type { ReadRequests } from './requests.js';

/** How files are read; the numbers of settings.ts. */
export interface Reading {
  /** The longest single read in bytes. */
  readonly sliceCapBytes: number;
  /** How far beyond each read the system is asked to read ahead; 0: as it sees fit. */
  readonly readaheadBytes: number;
}

/** How the bytes of a file come; the numbers cross the border: native/kernels/io/src/file.rs. */
export const WAYS = ['buffered', 'mapped', 'direct'] as const;

/** How the bytes of a file come: by positioned reads, out of memory maps, or past the page cache. */
export type ReadingWay = (typeof WAYS)[number];

/** A root and all below it, as a kernel holds it. */
export interface KernelTree {
  /** One record and the root's target. */
  readonly root: Listing;
  /** Listings of the first directories of `paths`: at least one, all unless they are large. */
  list(paths: readonly Uint8Array[], probeReadable: boolean, signal: AbortSignal | undefined): Promise<Listing[]>;
  /** Two words per request: bytes read, fault. `window` is written to until the promise settles. */
  read(requests: ReadRequests, window: Uint8Array, reading: Reading, signal: AbortSignal | undefined): Promise<Uint32Array>;
  /** The tree as an archive, where this kernel writes archives itself. */
  archive?(levels: number, oneFileSystem: boolean): KernelArchive;
  close(): Promise<void>;
}

/** A tree as an archive, as a kernel holds it. */
export interface KernelArchive {
  /** The answer that archive.ts decodes. `window` is written to until the promise settles. */
  fill(window: Uint8Array, resume: ArchiveResume, reading: Reading, signal: AbortSignal | undefined): Promise<Uint8Array>;
  close(): void;
}

/** One open file, as a kernel holds it. */
export interface KernelFile {
  /** A record of its facts now. */
  facts(): Promise<Uint32Array>;
  /** Bytes read: fewer than there is room only at the end of the file. */
  read(position: number, into: Uint8Array, reading: Reading, signal: AbortSignal | undefined): Promise<number>;
  /** Why it is read as usual though another way was asked for; undefined: it is not. */
  refused(): string | undefined;
  close(): Promise<void>;
}

/** A tree that is being made, as a kernel holds it. */
export interface KernelNewTree {
  /** Nothing, or the number of the order that failed and its fault. */
  write(orders: MakeOrders, window: Uint8Array, signal: AbortSignal | undefined): Promise<Uint32Array>;
  publish(): Promise<void>;
  /** `entries` is about how many there are. */
  remove(entries: number): Promise<void>;
  /** The same, synchronously. */
  removeAtOnce(): void;
}

/** The system calls behind this package. Failures reject with IoError. */
export interface IoKernel {
  readonly kind: KernelKind;
  /** Memory that this kernel reads into without a copy. */
  readonly slabs: SlabPool;
  openTree(path: Uint8Array): Promise<KernelTree>;
  openFile(path: Uint8Array, way: ReadingWay): Promise<KernelFile>;
  /** Whether this process may use io_uring (this package does not), and why not. */
  ioUring(): { readonly available: boolean; readonly reason?: string };
  /** `base` is for messages; `name` and `temporary` are names in the directory `parent`. */
  openNewTree(base: Uint8Array, parent: Uint8Array, name: Uint8Array, temporary: Uint8Array, sync: boolean): Promise<KernelNewTree>;
}

let chosen: Promise<{ kernel: IoKernel; reports: KernelReport[] }> | undefined;

/** The kernel that serves this process: native where it works, else `node:fs`. `CHUNKER_KERNEL=platform` (or js, wasm) keeps the native one away. */
export async function ioKernel(): Promise<IoKernel> {
  return (await choose()).kernel;
}

/** Which kernels were tried, and why one was not taken. */
export async function explainIo(): Promise<readonly KernelReport[]> {
  return (await choose()).reports;
}

function choose() {
  chosen ??= tryKernels();
  return chosen;
}

async function tryKernels() {
  const forced = process.env.CHUNKER_KERNEL;
  const reason = forced !== undefined && !['', 'auto', 'native', 'accelerator'].includes(forced) ? `CHUNKER_KERNEL is ${forced}` : undefined;
  const native = reason === undefined ? await loadNative() : reason;
  if (typeof native !== 'string') return { kernel: native, reports: report('native') };
  return { kernel: await platformKernel(), reports: report('platform', native) };
}

/** The kernel on `node:fs`. */
export async function platformKernel(): Promise<IoKernel> {
  return (await import('./platform.js')).platformKernel;
}

async function loadNative(): Promise<IoKernel | string> {
  try {
    return await nativeKernel();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function report(kind: 'native' | 'platform', reason?: string): KernelReport[] {
  const native = { kind: 'native', available: kind === 'native', chosen: kind === 'native', ...(reason === undefined ? {} : { reason }) } as const;
  return [native, { kind: 'platform', available: true, chosen: kind === 'platform' }];
}
