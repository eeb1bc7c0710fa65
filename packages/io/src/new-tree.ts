import { IoError } from '@chunker/core';
import { randomBytes } from 'node:crypto';
import { faultError, fileError } from './errors.js';
import { type IoKernel, ioKernel, type KernelNewTree } from './kernel.js';
import { displayPath, joinPath, type PathLike, pathBytes } from './names.js';
import type { MakeOrders } from './orders.js';
import { forgetUnfinished, rememberUnfinished } from './unfinished.js';

/** The longest name of every system that has one. */
const NAME_BYTES = 255;
const SLASH = 0x2f;
const DOT = 0x2e;

/** How a new tree comes into being. */
export interface NewTreeOptions {
  /** Flush the tree to the disk before it gets its name, and the name after; default false: after a crash of the machine there may be the tree with empty files in it. */
  readonly sync?: boolean | undefined;
  readonly kernel?: IoKernel | undefined;
}

/**
 * A directory, file or symbolic link that is made under a temporary name beside its own, and gets its own when it is whole. Nothing is made outside of it, whatever others put in the place of its
 * directories meanwhile (with the kernel on `node:fs` outside Linux: see `platform-new-tree.ts`). Modes are those of any new file: 0666, 0777 for executables and directories, less the process's mask.
 */
export class NewTree {
  /** The name it will have, for messages. */
  readonly path: string;
  readonly #base: Uint8Array;
  readonly #kernel: KernelNewTree;
  #entries = 0;
  #isFinished = false;

  constructor(base: Uint8Array, kernel: KernelNewTree) {
    this.path = displayPath(base);
    this.#base = base;
    this.#kernel = kernel;
    rememberUnfinished(this, () => kernel.removeAtOnce());
  }

  /**
   * Makes what the orders say; one call at a time. `window` holds the contents, is best a slab's view, and must not change until the promise settles. After a failure only `remove` is left.
   * Rejects with IoError (`name_collision`: the file system takes two names for one; `no_space`, `too_many_open_files`, …) whose `path` is that of the entry, or with the signal's reason.
   */
  async write(orders: MakeOrders, window: Uint8Array, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    options.signal?.throwIfAborted();
    this.#entries += orders.entries + orders.directories;
    const [order, fault] = await this.#kernel.write(orders, window, options.signal);
    if (order === undefined || fault === undefined) return;
    const path = orders.pathOf(order);
    throw faultError(fault, displayPath(path.length === 0 ? this.#base : joinPath(this.#base, path)));
  }

  /** Gives the finished tree its name. Rejects with IoError `already_exists` when something has the name by now; then nothing there is touched. */
  async publish(): Promise<void> {
    await this.#kernel.publish();
    this.#finish();
  }

  /** Removes what was made, unless it was published. Idempotent. */
  async remove(): Promise<void> {
    if (this.#isFinished) return;
    await this.#kernel.remove(this.#entries);
    this.#finish();
  }

  #finish(): void {
    this.#isFinished = true;
    forgetUnfinished(this);
  }
}

/**
 * Prepares a new tree. Its directory must be there, its name must be free (a link to nowhere takes it as well); a slash at the end does not count. Rejects with IoError: `already_exists`,
 * `not_found`, `not_a_directory`, `permission_denied`, and `invalid_input` for a path without a last name (empty, `/`, ending in `.` or `..`).
 */
export async function openNewTree(path: PathLike, options: NewTreeOptions = {}): Promise<NewTree> {
  const base = trimmed(pathBytes(path));
  const slash = base.lastIndexOf(SLASH);
  const name = base.subarray(slash + 1);
  if (name.length === 0 || (name.length <= 2 && name.every((byte) => byte === DOT))) {
    throw new IoError('invalid_input', { name: 'path', value: `'${displayPath(path)}'`, expected: 'a path that ends in a name' });
  }
  if (name.length > NAME_BYTES) throw fileError('name_too_long', { path: displayPath(base) });
  const kernel = options.kernel ?? (await ioKernel());
  const parent = slash < 0 ? Uint8Array.of(DOT) : base.subarray(0, Math.max(slash, 1));
  return new NewTree(base, await kernel.openNewTree(base, parent, name, temporaryName(name), options.sync ?? false));
}

/** `.NAME.tmp-xxxxxxxx`, with as much of the name as fits. */
function temporaryName(name: Uint8Array): Uint8Array {
  const end = Buffer.from(`.tmp-${randomBytes(6).toString('hex')}`);
  let kept = Math.min(name.length, NAME_BYTES - 1 - end.length);
  // Not through the middle of a character.
  while (kept < name.length && kept > 0 && ((name[kept] as number) & 0xc0) === 0x80) kept--;
  return Buffer.concat([Uint8Array.of(DOT), name.subarray(0, kept), end]);
}

function trimmed(path: Uint8Array): Uint8Array {
  let end = path.length;
  while (end > 1 && path[end - 1] === SLASH) end--;
  return path.subarray(0, end);
}
