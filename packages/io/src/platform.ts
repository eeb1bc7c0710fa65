// The kernel on node:fs: the same answers as the native one, from paths instead of handles. What it cannot do is keep a directory from being swapped between two
// calls; it notices afterwards, by inode and times, and then answers file_changed.
import { plainSlab } from '@chunker/core/native';
import { constants, type BigIntStats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { constants as errnos } from 'node:os';
import { faultOf, faultOfNode, fromNode } from './errors.js';
import type { IoKernel, KernelFile, KernelTree, Reading, ReadingWay } from './kernel.js';
import { compareBytes, displayPath, joinPath } from './names.js';
import { persist } from './persist.js';
import { AT, EXECUTABLE, KIND, KINDS, type Listing, RECORD_WORDS } from './records.js';
import { APPEND, type ReadRequests, REQUEST, REQUEST_WORDS } from './requests.js';

// Half of libuv's pool at most: the rest of the process reads files as well.
const IN_FLIGHT = 2;
// Not on Windows; a fifo that took a file's place does not block.
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export const platformKernel: IoKernel = {
  kind: 'platform',
  slabs: { take: plainSlab },
  openTree: (path) => PlatformTree.open(path),
  openFile: (path, way) => PlatformFile.open(path, way),
  ioUring: () => ({ available: false, reason: 'only the native kernel can look' }),
  openNewTree: async (base, parent, name, temporary, sync) => {
    const { PlatformNewTree } = await import('./platform-new-tree.js');
    return PlatformNewTree.open(base, parent, name, temporary, sync);
  },
};

class PlatformTree implements KernelTree {
  private constructor(
    readonly base: Uint8Array,
    readonly root: Listing,
  ) {}

  static async open(path: Uint8Array): Promise<PlatformTree> {
    try {
      const stats = await lstat(nodePath(path), { bigint: true });
      const target = stats.isSymbolicLink() ? await readlink(nodePath(path), 'buffer') : new Uint8Array(0);
      const entry = { name: new Uint8Array(0), target, stats, fault: 0 };
      return new PlatformTree(path, encodeListing([entry]));
    } catch (error) {
      throw fromNode(error, displayPath(path));
    }
  }

  async list(paths: readonly Uint8Array[], probeReadable: boolean, signal: AbortSignal | undefined): Promise<Listing[]> {
    signal?.throwIfAborted();
    const path = joinPath(this.base, paths[0] as Uint8Array);
    try {
      if (!(await lstat(nodePath(path))).isDirectory()) return [emptyListing(faultOf('not_a_directory'))];
      const names: Uint8Array[] = await readdir(nodePath(path), { encoding: 'buffer' });
      names.sort(compareBytes);
      const entries = await inFlight(names, signal, (name) => readEntry(path, name, probeReadable));
      return [encodeListing(entries.filter((entry) => entry !== undefined))];
    } catch (error) {
      signal?.throwIfAborted();
      return [emptyListing(faultOfNode(error))];
    }
  }

  async read(requests: ReadRequests, window: Uint8Array, reading: Reading, signal: AbortSignal | undefined): Promise<Uint32Array> {
    const outcomes = new Uint32Array(requests.count * 2);
    let end = 0;
    const one = async (index: number) => {
      const append = ((requests.words[index * REQUEST_WORDS + REQUEST.flags] as number) & APPEND) !== 0;
      const outcome = await this.#readOne(requests, index, window, append ? end : undefined, reading, signal);
      if (append) end += outcome.bytes;
      outcomes[index * 2] = outcome.bytes;
      outcomes[index * 2 + 1] = outcome.fault;
    };
    const indexes = Array.from({ length: requests.count }, (_, index) => index);
    // Files that lie one behind the other are read one after the other.
    const appends = indexes.some((i) => ((requests.words[i * REQUEST_WORDS + REQUEST.flags] as number) & APPEND) !== 0);
    await inFlight(indexes, signal, one, appends ? 1 : IN_FLIGHT);
    return outcomes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #readOne(
    requests: ReadRequests,
    index: number,
    window: Uint8Array,
    end: number | undefined,
    reading: Reading,
    signal: AbortSignal | undefined,
  ): Promise<{ bytes: number; fault: number }> {
    const name = requests.name(index);
    if (name.length > 255) return { bytes: 0, fault: faultOf('name_too_long') };
    const directory = requests.directory(index).path;
    if (!validPath(directory) || (name.length > 0 && !validName(name))) return { bytes: 0, fault: faultOf('invalid_input') };
    let file: FileHandle | undefined;
    try {
      file = await persist(() => open(nodePath(joinPath(joinPath(this.base, directory), name)), OPEN_FLAGS), signal);
      return end === undefined
        ? await readExact(file, requests, index, window, reading, signal)
        : await readAppended(file, requests, index, window.subarray(end), reading, signal);
    } catch (error) {
      signal?.throwIfAborted();
      return { bytes: 0, fault: faultOfNode(error) };
    } finally {
      await file?.close();
    }
  }
}

async function readExact(file: FileHandle, requests: ReadRequests, index: number, window: Uint8Array, reading: Reading, signal: AbortSignal | undefined) {
  const changed = { bytes: 0, fault: faultOf('file_changed') };
  const words = requests.words.subarray(index * REQUEST_WORDS, (index + 1) * REQUEST_WORDS);
  const place = words[REQUEST.place] as number;
  const length = words[REQUEST.length] as number;
  if (place + length > window.length) return { bytes: 0, fault: faultOf('invalid_input') };
  // Before the read here, not after it only: reading from a fifo could wait.
  if (!(await file.stat()).isFile()) return changed;
  const bytes = await readFully(file, requests.offset(index), window.subarray(place, place + length), reading, signal);
  const record = recordOf(await file.stat({ bigint: true }));
  const same = words.subarray(REQUEST.facts, REQUEST.facts + AT.dev - AT.size).every((word, i) => word === record[AT.size + i]);
  return bytes === length && same ? { bytes, fault: 0 } : changed;
}

async function readAppended(file: FileHandle, requests: ReadRequests, index: number, rest: Uint8Array, reading: Reading, signal: AbortSignal | undefined) {
  const stats = await file.stat();
  if (stats.isDirectory()) return { bytes: 0, fault: faultOf('is_directory') };
  if (!stats.isFile()) return { bytes: 0, fault: faultOf('unsupported_file_type') };
  const into = rest.subarray(0, Math.min(rest.length, requests.words[index * REQUEST_WORDS + REQUEST.length] as number));
  const bytes = await readFully(file, 0, into, reading, signal);
  const { size } = await file.stat();
  if (size === bytes || (size === 0 && bytes < into.length)) return { bytes, fault: 0 };
  return { bytes: 0, fault: faultOf(size > into.length || size === 0 ? 'file_too_large' : 'file_changed') };
}

class PlatformFile implements KernelFile {
  constructor(
    readonly file: FileHandle,
    readonly path: string,
    readonly way: ReadingWay,
  ) {}

  static async open(path: Uint8Array, way: ReadingWay): Promise<PlatformFile> {
    const shown = displayPath(path);
    try {
      const file = await persist(() => open(nodePath(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
      return new PlatformFile(file, shown, way);
    } catch (error) {
      throw fromNode(error, shown);
    }
  }

  async facts(): Promise<Uint32Array> {
    try {
      return recordOf(await this.file.stat({ bigint: true }));
    } catch (error) {
      throw fromNode(error, this.path);
    }
  }

  async read(position: number, into: Uint8Array, reading: Reading, signal: AbortSignal | undefined): Promise<number> {
    try {
      return await readFully(this.file, position, into, reading, signal);
    } catch (error) {
      throw fromNode(error, this.path);
    }
  }

  refused(): string | undefined {
    return this.way === 'buffered' ? undefined : 'only the native kernel reads in this way';
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

async function readFully(file: FileHandle, position: number, into: Uint8Array, { sliceCapBytes }: Reading, signal: AbortSignal | undefined): Promise<number> {
  let done = 0;
  while (done < into.length) {
    signal?.throwIfAborted();
    const { bytesRead } = await persist(() => file.read(into, done, Math.min(sliceCapBytes, into.length - done), position + done), signal);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

interface Entry {
  readonly name: Uint8Array;
  readonly target: Uint8Array;
  readonly stats: BigIntStats | undefined;
  readonly fault: number;
}

async function readEntry(directory: Uint8Array, name: Uint8Array, probeReadable: boolean): Promise<Entry | undefined> {
  const path = nodePath(joinPath(directory, name));
  let stats: BigIntStats | undefined;
  let target = new Uint8Array(0);
  let fault = 0;
  try {
    stats = await lstat(path, { bigint: true });
    if (stats.isSymbolicLink()) target = await readlink(path, 'buffer');
    // Not access(): that asks for the real user, opening for the effective one.
    if (probeReadable && stats.isFile()) await (await open(path, OPEN_FLAGS)).close();
  } catch (error) {
    if (stats === undefined && (error as { code?: string }).code === 'ENOENT') return undefined;
    const { code, syscall } = error as NodeJS.ErrnoException;
    // What was a link a moment ago is none any more.
    fault = code === 'EINVAL' && syscall === 'readlink' ? faultOf('file_changed', errnos.errno.EINVAL) : faultOfNode(error);
  }
  return { name, target, stats, fault };
}

function encodeListing(entries: readonly Entry[]): Listing {
  const records = new Uint32Array(entries.length * RECORD_WORDS);
  const texts = new Uint8Array(entries.reduce((sum, { name, target }) => sum + name.length + target.length, 0));
  let at = 0;
  for (const [index, { name, target, stats, fault }] of entries.entries()) {
    const record = records.subarray(index * RECORD_WORDS, (index + 1) * RECORD_WORDS);
    if (stats !== undefined) record.set(recordOf(stats));
    record[AT.nameOffset] = at;
    record[AT.nameLength] = name.length;
    record[AT.targetLength] = target.length;
    record[AT.fault] = fault;
    texts.set(name, at);
    texts.set(target, at + name.length);
    at += name.length + target.length;
  }
  return { count: entries.length, records, texts, fault: 0 };
}

function emptyListing(fault: number): Listing {
  return { count: 0, records: new Uint32Array(0), texts: new Uint8Array(0), fault };
}

function recordOf(stats: BigIntStats): Uint32Array {
  const record = new Uint32Array(RECORD_WORDS);
  const put = (at: number, value: bigint) => {
    record[at] = Number(BigInt.asUintN(32, value));
    record[at + 1] = Number(BigInt.asUintN(32, value >> 32n));
  };
  const executable = (stats.mode & 0o100n) !== 0n;
  record[AT.kind] = KINDS.indexOf(kindOf(stats)) | (executable ? EXECUTABLE : 0);
  record[AT.mode] = Number(stats.mode);
  put(AT.size, stats.size);
  // BigInt division rounds towards zero, the system counts nanoseconds upwards from whole seconds.
  const nanoseconds = ((stats.mtimeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  put(AT.mtime, (stats.mtimeNs - nanoseconds) / 1_000_000_000n);
  record[AT.nanoseconds] = Number(nanoseconds);
  put(AT.ino, stats.ino);
  put(AT.dev, stats.dev);
  return record;
}

function kindOf(stats: BigIntStats): (typeof KINDS)[number] {
  if (stats.isFile()) return KINDS[KIND.regular] as 'regular';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  if (stats.isBlockDevice()) return 'block_device';
  return stats.isCharacterDevice() ? 'character_device' : 'unknown';
}

function validName(name: Uint8Array): boolean {
  const dots = name.every((byte) => byte === 0x2e);
  return name.length > 0 && !(dots && name.length <= 2) && !name.includes(0) && !name.includes(0x2f);
}

function validPath(path: Uint8Array): boolean {
  if (path.length === 0) return true;
  for (let from = 0; from <= path.length; ) {
    const slash = path.indexOf(0x2f, from);
    const to = slash < 0 ? path.length : slash;
    if (!validName(path.subarray(from, to))) return false;
    from = to + 1;
  }
  return true;
}

/** Works through the items, a few at a time; results in order. */
async function inFlight<Item, Result>(
  items: readonly Item[],
  signal: AbortSignal | undefined,
  work: (item: Item) => Promise<Result>,
  width = IN_FLIGHT,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      signal?.throwIfAborted();
      const index = next++;
      results[index] = await work(items[index] as Item);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: width }, lane));
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
  return results;
}

function nodePath(path: Uint8Array): Buffer {
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength);
}
