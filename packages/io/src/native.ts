import { type ErrorCode, type ErrorDetails, IoError } from '@chunker/core';
import { checkInput, isSlabBacked, loadAddon, type MakeError, openRoom, type Room, type RunOptions, type Start } from '@chunker/core/native';
import { constants } from 'node:os';
import { type ArchiveResume, partBytes } from './archive.js';
import { errnoName, faultError } from './errors.js';
import { type IoKernel, type KernelArchive, type KernelFile, type KernelTree, type Reading, type ReadingWay, WAYS } from './kernel.js';
import { displayPath } from './names.js';
import { NativeNewTree, type NewTreeHandle } from './native-new-tree.js';
import { decodeListings, type Listing } from './records.js';
import type { ReadRequests } from './requests.js';

/** What is read is what everything else waits for, and reading is short: it goes before hashing and compressing. Who asks for it bounds how much is read ahead. */
const PRIORITY = 2;

interface TreeHandle {
  open(ticket: number, path: Uint8Array): void;
  list(ticket: number, paths: Uint8Array, count: number, probeReadable: boolean): void;
  read(ticket: number, requests: Uint8Array, window: Uint8Array, sliceCapBytes: number, readaheadBytes: number): void;
  close(): void;
}

interface ArchiveHandle {
  fill(ticket: number, window: Uint8Array, taken: number, skip: boolean, sliceCapBytes: number, readaheadBytes: number): void;
  close(): void;
}

interface FileHandle {
  open(ticket: number, path: Uint8Array, way: number): void;
  refused(): number;
  facts(ticket: number): void;
  read(ticket: number, position: number, into: Uint8Array, sliceCapBytes: number, readaheadBytes: number): void;
  close(): void;
}

interface Exports {
  readonly ioUringErrno?: () => number;
  readonly TreeHandle?: new () => TreeHandle;
  readonly ArchiveHandle?: new (tree: TreeHandle, levels: number, oneFileSystem: boolean) => ArchiveHandle;
  readonly FileHandle?: new () => FileHandle;
  readonly NewTreeHandle?: new () => NewTreeHandle;
}

/** Loads the addon. Rejects with the reason where it cannot run. */
export async function nativeKernel(): Promise<IoKernel> {
  const addon = loadAddon<Exports>({ stem: 'io', packageName: '@chunker/io', from: import.meta.url });
  const { TreeHandle, ArchiveHandle, FileHandle, NewTreeHandle } = addon;
  if (TreeHandle === undefined || ArchiveHandle === undefined || FileHandle === undefined || NewTreeHandle === undefined)
    throw new Error('the native kernel of io reads on Linux only');
  const room = openRoom(addon);
  return {
    kind: 'native',
    openTree: (path) => NativeTree.open(room, new TreeHandle(), ArchiveHandle, path),
    openFile: (path, way) => NativeFile.open(room, new FileHandle(), path, way),
    ioUring: () => ringOf(addon.ioUringErrno?.() ?? constants.errno.ENOSYS),
    openNewTree: (base, parent, name, temporary, sync) =>
      NativeNewTree.open(room, new NewTreeHandle(), maker(displayPath(base)), { parent, name, temporary, sync }),
    slabs: room.slabs,
  };
}

function ringOf(errno: number): { readonly available: boolean; readonly reason?: string } {
  return errno === 0 ? { available: true } : { available: false, reason: `io_uring_setup: ${errnoName(errno)}` };
}

/** Errors of the addon carry the fact in one number; the path is known here. */
function maker(path: string): MakeError {
  return (code: ErrorCode, details: ErrorDetails[ErrorCode], parameters) => {
    const { fault } = details as { fault?: unknown };
    return typeof fault === 'number' ? faultError(fault, path) : new IoError(code, details, parameters);
  };
}

class NativeTree implements KernelTree {
  private constructor(
    readonly room: Room,
    readonly handle: TreeHandle,
    readonly Archive: NonNullable<Exports['ArchiveHandle']>,
    readonly root: Listing,
    readonly makeError: MakeError,
  ) {}

  static async open(room: Room, handle: TreeHandle, Archive: NonNullable<Exports['ArchiveHandle']>, path: Uint8Array): Promise<NativeTree> {
    const makeError = maker(displayPath(path));
    const block = await room.run<Uint8Array>((ticket, input) => handle.open(ticket, input), { input: path, makeError });
    return new NativeTree(room, handle, Archive, decodeListings(block)[0] as Listing, makeError);
  }

  async list(paths: readonly Uint8Array[], probeReadable: boolean, signal: AbortSignal | undefined): Promise<Listing[]> {
    const start: Start = (ticket, input) => this.handle.list(ticket, input, paths.length, probeReadable);
    return decodeListings(await this.#run(start, { input: joined(paths), signal }));
  }

  async read(requests: ReadRequests, window: Uint8Array, reading: Reading, signal: AbortSignal | undefined): Promise<Uint32Array> {
    const read = (into: Uint8Array, inPlace: boolean) => this.#read(requests, into, reading, signal, inPlace);
    return throughSlab(this.room, window, read, (outcomes, slab) => requests.copyRead(outcomes, slab, window));
  }

  archive(levels: number, oneFileSystem: boolean): KernelArchive {
    return new NativeArchive(this.room, new this.Archive(this.handle, levels, oneFileSystem), this.makeError);
  }

  async close(): Promise<void> {
    this.handle.close();
  }

  #read(
    requests: ReadRequests,
    into: Uint8Array,
    { sliceCapBytes, readaheadBytes }: Reading,
    signal: AbortSignal | undefined,
    inPlace: boolean,
  ): Promise<Uint32Array> {
    const start: Start = (ticket, input) => this.handle.read(ticket, input, into, sliceCapBytes, readaheadBytes);
    return this.#run(start, { input: requests.encode(), into, signal, inPlace, priority: PRIORITY });
  }

  #run<T>(start: Start, options: RunOptions): Promise<T> {
    return this.room.run<T>(start, { ...options, makeError: this.makeError });
  }
}

class NativeArchive implements KernelArchive {
  constructor(
    readonly room: Room,
    readonly handle: ArchiveHandle,
    readonly makeError: MakeError,
  ) {}

  fill(window: Uint8Array, { taken, skip }: ArchiveResume, reading: Reading, signal: AbortSignal | undefined): Promise<Uint8Array> {
    checkInput(window, 'window');
    const { sliceCapBytes, readaheadBytes } = reading;
    const { makeError } = this;
    const fill = (into: Uint8Array, inPlace: boolean) => {
      const start: Start = (ticket) => this.handle.fill(ticket, into, taken, skip, sliceCapBytes, readaheadBytes);
      return this.room.run<Uint8Array>(start, { keep: into, signal, inPlace, priority: PRIORITY, makeError });
    };
    return throughSlab(this.room, window, fill, (answer, slab) => window.set(slab.subarray(0, partBytes(answer))));
  }

  close(): void {
    this.handle.close();
  }
}

/**
 * Memory that its owner may take away is never written to by another thread: by way of a slab, of which `copy` takes over what was read, for the rest of the window is the
 * caller's.
 */
async function throughSlab<T>(
  room: Room,
  window: Uint8Array,
  read: (into: Uint8Array, inPlace: boolean) => Promise<T>,
  copy: (result: T, from: Uint8Array) => void,
): Promise<T> {
  if (isSlabBacked(window)) return read(window, false);
  const slab = room.slabs.take(window.length);
  try {
    const result = await read(slab.bytes, !isSlabBacked(slab.bytes));
    if (window.length !== slab.bytes.length) {
      throw new IoError('invalid_input', { name: 'window', value: 'detached or shrunk', expected: 'memory that stays until the call settles' });
    }
    copy(result, slab.bytes);
    return result;
  } finally {
    slab.end();
  }
}

class NativeFile implements KernelFile {
  private constructor(
    readonly room: Room,
    readonly handle: FileHandle,
    readonly makeError: MakeError,
  ) {}

  static async open(room: Room, handle: FileHandle, path: Uint8Array, way: ReadingWay): Promise<NativeFile> {
    const makeError = maker(displayPath(path));
    await room.run((ticket, input) => handle.open(ticket, input, WAYS.indexOf(way)), { input: path, makeError });
    return new NativeFile(room, handle, makeError);
  }

  async facts(): Promise<Uint32Array> {
    const record = await this.room.run<Uint8Array>((ticket) => this.handle.facts(ticket), { makeError: this.makeError });
    return new Uint32Array(record.slice().buffer);
  }

  read(position: number, into: Uint8Array, { sliceCapBytes, readaheadBytes }: Reading, signal: AbortSignal | undefined): Promise<number> {
    const start: Start = (ticket) => this.handle.read(ticket, position, into, sliceCapBytes, readaheadBytes);
    return this.room.run<number>(start, { into, signal, priority: PRIORITY, makeError: this.makeError });
  }

  refused(): string | undefined {
    const fault = this.handle.refused();
    return fault === 0 ? undefined : faultError(fault, 'it').message;
  }

  async close(): Promise<void> {
    this.handle.close();
  }
}

function joined(paths: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(paths.reduce((sum, path) => sum + 4 + path.length, 0));
  const lengths = new DataView(bytes.buffer);
  let at = 0;
  for (const path of paths) {
    lengths.setUint32(at, path.length, true);
    bytes.set(path, at + 4);
    at += 4 + path.length;
  }
  return bytes;
}
