// A new tree on node:fs, which has no calls relative to a handle. On Linux /proc/self/fd stands in: every directory below the root is opened name by name, links refused, and named by its descriptor. Elsewhere
// directories are named by their paths and looked at before: who may write to the tree's parent and swaps a directory for a link in the moment between can redirect a file. node:fs cannot refuse to replace an
// empty directory either, should one appear under the tree's name in the last moment.
import { chmodSync, constants, lstatSync, readdirSync, rmdirSync, type Stats, unlinkSync } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, symlink, unlink } from 'node:fs/promises';
import { constants as errnos } from 'node:os';
import { faultOf, faultOfNode, fileError, fromNode } from './errors.js';
import type { KernelNewTree } from './kernel.js';
import { displayPath } from './names.js';
import type { EntryOrder, MakeOrders } from './orders.js';

const HAS_DESCRIPTOR_PATHS = process.platform === 'linux';
const DIRECTORY_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);
const CREATE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
/** Entries between two looks at the signal and turns of the event loop. */
const TURN = 64;

/** A directory by a path that leads to it, and what keeps that path good. */
interface Place {
  readonly path: Buffer;
  readonly handle: FileHandle | undefined;
}

export class PlatformNewTree implements KernelNewTree {
  #root: Place | undefined;
  #made: Stats | undefined;
  #open: FileHandle | undefined;
  #entered: { readonly directory: number; readonly place: Place } | undefined;
  #isPublished = false;
  /** It has its own name already, that is not on the disk, and the disk does not take it back. */
  #isStuck = false;
  #running: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly base: Uint8Array,
    readonly parent: Place,
    readonly name: Uint8Array,
    readonly temporary: Uint8Array,
    readonly sync: boolean,
  ) {}

  static async open(base: Uint8Array, parent: Uint8Array, name: Uint8Array, temporary: Uint8Array, sync: boolean): Promise<PlatformNewTree> {
    const shown = displayPath(base);
    let place: Place | undefined;
    try {
      place = await enter(Buffer.from(parent), constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
      if (await exists(below(place, name))) throw fileError('already_exists', { path: shown });
      return new PlatformNewTree(base, place, name, temporary, sync);
    } catch (error) {
      await place?.handle?.close();
      throw fromNode(error, shown);
    }
  }

  write(orders: MakeOrders, _window: Uint8Array, signal: AbortSignal | undefined): Promise<Uint32Array> {
    const writing = this.#write(orders, _window, signal);
    this.#running = writing.catch(() => {});
    return writing;
  }

  async publish(): Promise<void> {
    try {
      const made = this.#made as Stats;
      const [from, to] = [below(this.parent, this.temporary), below(this.parent, this.name)];
      await this.#leave();
      if (this.#root?.handle !== undefined) await this.#root.handle.chmod(made.mode & 0o7777);
      if (this.sync) for await (const directory of directoriesBelow(from)) await flush(directory);
      const now = await lstat(from);
      if (now.ino !== made.ino || now.dev !== made.dev) throw fileError('file_changed', { path: displayPath(this.base) });
      await appear(from, to, made);
      // Back under the temporary name: an error means that nothing stands under the other.
      if (this.sync) {
        await flush(this.parent.path).catch(async (error) => {
          await rename(to, from).catch(() => {
            this.#isStuck = true;
          });
          throw error;
        });
      }
      this.#isPublished = true;
      await this.#close();
    } catch (error) {
      throw fromNode(error, displayPath(this.base));
    }
  }

  async remove(): Promise<void> {
    await this.#running;
    await this.#leave();
    await this.#open?.close().catch(() => {});
    this.#open = undefined;
    if (!this.#isPublished) for (const _ of removal(this.#place)) await new Promise((resolve) => setImmediate(resolve));
    await this.#close();
  }

  removeAtOnce(): void {
    if (!this.#isPublished) for (const _ of removal(this.#place));
  }

  /** Where it stands now. */
  get #place(): Buffer {
    return below(this.parent, this.#isStuck ? this.name : this.temporary);
  }

  async #write(orders: MakeOrders, window: Uint8Array, signal: AbortSignal | undefined): Promise<Uint32Array> {
    await this.#leave();
    let order = 0;
    try {
      for (; order < orders.directories; order++) await this.#makeDirectory(orders, order);
      for (let index = 0; index < orders.entries; index++, order++) {
        if (index % TURN === 0) signal?.throwIfAborted();
        await this.#makeEntry(orders, orders.entry(index), window);
      }
      return new Uint32Array(0);
    } catch (error) {
      signal?.throwIfAborted();
      return Uint32Array.of(order, this.#faultOf(error, orders, order));
    }
  }

  /** The directory was made by us and names differ: a name that is taken is one that the file system takes for another. */
  #faultOf(error: unknown, orders: MakeOrders, order: number): number {
    const isTaken = (error as { code?: unknown }).code === 'EEXIST' && orders.pathOf(order).length > 0;
    return isTaken ? faultOf('name_collision', errnos.errno.EEXIST) : faultOfNode(error);
  }

  async #makeDirectory(orders: MakeOrders, directory: number): Promise<void> {
    if (!orders.isNew(directory)) return;
    if (directory > 0) {
      const parent = orders.chain(directory).at(-2) ?? 0;
      await mkdir(below(await this.#enter(orders, parent), orders.directoryName(directory)));
      return;
    }
    const path = below(this.parent, this.temporary);
    await mkdir(path);
    this.#root = await enter(path, DIRECTORY_FLAGS);
    this.#made = (await this.#root.handle?.stat()) ?? (await lstat(path));
    await this.#root.handle?.chmod(0o700);
  }

  async #makeEntry(orders: MakeOrders, entry: EntryOrder, window: Uint8Array): Promise<void> {
    const isRoot = entry.name.length === 0 && entry.directory === 0;
    const file = entry.target === undefined && !entry.begins ? this.#open : undefined;
    this.#open = undefined;
    if (entry.target === undefined && !entry.begins) return this.#writePart(file as FileHandle, entry, window);
    const path = isRoot ? below(this.parent, this.temporary) : below(await this.#enter(orders, entry.directory), entry.name);
    if (entry.target !== undefined) {
      await symlink(Buffer.from(entry.target), path);
      if (isRoot) this.#made = await lstat(path);
      return;
    }
    const made = await open(path, CREATE_FLAGS, entry.executable ? 0o777 : 0o666);
    if (isRoot) this.#made = await made.stat().catch((error) => made.close().then(() => Promise.reject(error)));
    await this.#writePart(made, entry, window);
  }

  async #writePart(file: FileHandle, { place, length, ends }: EntryOrder, window: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < length; ) done += (await file.write(window, place + done, length - done)).bytesWritten;
      if (ends && this.sync) await file.datasync();
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    if (ends) await file.close();
    else this.#open = file;
  }

  /** The place of a directory of the tree; good until the next. */
  async #enter(orders: MakeOrders, directory: number): Promise<Place> {
    const root = this.#root as Place;
    if (directory === 0) return root;
    if (this.#entered?.directory === directory) return this.#entered.place;
    await this.#leave();
    let place = root;
    for (const step of orders.chain(directory)) {
      const next = await enter(below(place, orders.directoryName(step)), DIRECTORY_FLAGS).finally(() => (place === root ? undefined : place.handle?.close()));
      place = next;
    }
    this.#entered = { directory, place };
    return place;
  }

  async #leave(): Promise<void> {
    const entered = this.#entered;
    this.#entered = undefined;
    await entered?.place.handle?.close();
  }

  async #close(): Promise<void> {
    await this.#root?.handle?.close();
    this.#root = undefined;
    await this.parent.handle?.close();
  }
}

async function enter(path: Buffer, flags: number): Promise<Place> {
  if (HAS_DESCRIPTOR_PATHS) {
    const handle = await open(path, flags);
    return { path: Buffer.from(`/proc/self/fd/${handle.fd}`), handle };
  }
  const facts = await lstat(path);
  if (facts.isDirectory() || (facts.isSymbolicLink() && (flags & (constants.O_NOFOLLOW ?? 0)) === 0)) return { path, handle: undefined };
  throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR', syscall: 'lstat' });
}

function below({ path }: Place, name: Uint8Array): Buffer {
  return Buffer.concat([path, Buffer.from('/'), name]);
}

async function exists(path: Buffer): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

async function appear(from: Buffer, to: Buffer, made: Stats): Promise<void> {
  // A hard link refuses an existing name, which rename would replace.
  if (!made.isDirectory() && (await linked(from, to))) {
    return unlink(from).catch(async (error) => {
      await unlink(to);
      throw error;
    });
  }
  if (await exists(to)) throw Object.assign(new Error('exists'), { code: 'EEXIST', syscall: 'rename' });
  await rename(from, to);
}

/** False where the file system has no hard links. */
function linked(from: Buffer, to: Buffer): Promise<boolean> {
  return link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(error.code ?? '')) return false;
      throw error;
    },
  );
}

async function flush(directory: Buffer): Promise<void> {
  const handle = await open(directory, DIRECTORY_FLAGS & ~(constants.O_NOFOLLOW ?? 0));
  await handle.sync().finally(() => handle.close());
}

/** A directory and all below it; nothing for what is no directory. */
async function* directoriesBelow(path: Buffer): AsyncGenerator<Buffer> {
  const waiting = [path];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!(await lstat(next)).isDirectory()) continue;
    yield next;
    for (const entry of await readdir(next, { encoding: 'buffer', withFileTypes: true })) {
      if (entry.isDirectory()) waiting.push(Buffer.concat([next, Buffer.from('/'), entry.name]));
    }
  }
}

/** Removes what stands there, links not followed; pauses after each directory. Not `rm`: it cannot remove names that are no UTF-8. */
function* removal(path: Buffer): Generator<undefined> {
  const waiting = [{ path, isEmptied: false }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path: at, isEmptied } = next;
    if (isEmptied) {
      rmdirSync(at);
      yield;
      continue;
    }
    const facts = lstatSync(at, { throwIfNoEntry: false });
    if (facts === undefined) continue;
    if (!facts.isDirectory()) {
      unlinkSync(at);
      continue;
    }
    waiting.push({ path: at, isEmptied: true });
    // The process's mask may have closed it to its own user.
    if ((facts.mode & 0o700) !== 0o700) chmodSync(at, 0o700);
    const names: Uint8Array[] = readdirSync(at, { encoding: 'buffer' });
    for (const name of names) waiting.push({ path: Buffer.concat([at, Buffer.from('/'), name]), isEmptied: false });
  }
}
