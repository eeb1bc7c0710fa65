// From windows of an archive to orders for io's kernel: contents stay where they were read, and the kernel writes them from there. One window is read while one is parsed and one is written.
import { NarError } from '@chunker/core';
import type { Slab, SlabPool } from '@chunker/core/native';
import { ioKernel, MakeOrders, type NewTree, openNewTree, type PathLike, type WindowSource } from '@chunker/io';
import { type NarHandler, NarParser } from './parser.js';
import type { NarSource } from './pieces.js';
import { Counter, type NarReadOptions, type NarSummary } from './read.js';
import { openWindows } from './windows.js';

/** How an archive becomes a tree. */
export interface UnpackOptions extends NarReadOptions {
  /** Flush all to the disk before the target gets its name, and the name after; default false, as `nix-store --restore`: after a crash of the machine files may then be empty. */
  readonly sync?: boolean | undefined;
  /** Bytes of a window; default 1 MiB. Three are in use. */
  readonly windowBytes?: number | undefined;
}

const WINDOW_BYTES = 1024 * 1024;

/**
 * Makes the tree that an archive holds. `target` must not exist, its directory must. All is made under a temporary name beside it (`.TARGET.tmp-…`) and renamed when the archive was read to its end and found
 * well formed: whatever fails, nothing stands under the target's name, and the temporary is removed (only a process that is killed leaves it behind). No symbolic link is followed, nothing outside is made.
 *
 * @throws NarError as `readNar`; IoError whose `path` is that of the entry: `already_exists`, `name_collision`, `no_space`, `permission_denied`, `too_many_open_files`, …; the signal's reason
 */
export async function unpackNar(source: NarSource, target: PathLike, options: UnpackOptions = {}): Promise<NarSummary> {
  // After a failure nobody waits for the source any more, however silent it is.
  const ending = new AbortController();
  const signal = options.signal === undefined ? ending.signal : AbortSignal.any([options.signal, ending.signal]);
  const windows = await openWindows(source, signal);
  try {
    options.signal?.throwIfAborted();
    const windowBytes = options.windowBytes ?? WINDOW_BYTES;
    if (!Number.isSafeInteger(windowBytes) || windowBytes < 1) {
      throw new NarError('invalid_input', { name: 'windowBytes', value: String(windowBytes), expected: 'a whole number above 0' });
    }
    const tree = await openNewTree(target, { sync: options.sync });
    const ring = new Ring(windows, (await ioKernel()).slabs, windowBytes, signal);
    try {
      const summary = await makeTree(ring, tree, options);
      options.signal?.throwIfAborted();
      await tree.publish();
      return summary;
    } catch (error) {
      ending.abort();
      await ring.end();
      // What went wrong before is what the caller must hear of.
      await tree.remove().catch(() => {});
      throw error;
    }
  } finally {
    await windows.close();
  }
}

/** The windows that are in use: filled one ahead, ended when they are written. */
class Ring {
  readonly #inUse = new Map<Slab, Promise<unknown>>();

  constructor(
    readonly windows: WindowSource,
    readonly slabs: SlabPool,
    readonly bytes: number,
    readonly signal: AbortSignal,
  ) {}

  fill(): { readonly slab: Slab; readonly filling: Promise<number> } {
    const slab = this.slabs.take(this.bytes);
    const filling = this.windows.fill(slab.bytes, this.signal);
    this.use(slab, filling);
    return { slab, filling };
  }

  /** Nothing may happen to a slab while this runs. */
  use(slab: Slab, work: Promise<unknown>): void {
    // Whoever awaits it gets the failure; until then it must not count as unhandled.
    work.catch(() => {});
    this.#inUse.set(slab, work);
  }

  release(slab: Slab): void {
    this.#inUse.delete(slab);
    slab.end();
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.#inUse.values());
    for (const slab of this.#inUse.keys()) this.release(slab);
  }
}

async function makeTree(ring: Ring, tree: NewTree, options: UnpackOptions): Promise<NarSummary> {
  const writer = new TreeWriter();
  const parser = new NarParser(writer, options);
  let next = ring.fill();
  let writing: Promise<void> = Promise.resolve();
  for (let ended = false; !ended; ) {
    const { slab, filling } = next;
    const length = await filling;
    ended = length < ring.bytes;
    if (!ended) next = ring.fill();
    const window = slab.bytes.subarray(0, length);
    const orders = writer.parse(parser, window, ended);
    options.onBytes?.(parser.position);
    await writing;
    writing = write(ring, slab, tree, orders, window, options.signal);
    ring.use(slab, writing);
  }
  await writing;
  return writer.counter.summary(parser.position);
}

async function write(ring: Ring, slab: Slab, tree: NewTree, orders: MakeOrders, window: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  if (!orders.isEmpty) await tree.write(orders, window, { signal });
  ring.release(slab);
}

/** Turns what the parser tells of a window into orders. */
class TreeWriter implements NarHandler {
  readonly counter = new Counter();
  #orders = new MakeOrders();
  /** Two, in turn: one is written while the other is filled. */
  #other = new MakeOrders();
  /** Numbers of the open directories in the orders at hand, by depth; -1: not named there yet. */
  readonly #numbers: number[] = [];
  #window: Uint8Array = new Uint8Array(0);
  #parser: NarParser | undefined;

  /** The orders for a window; valid until the call after the next. */
  parse(parser: NarParser, window: Uint8Array, isLast: boolean): MakeOrders {
    [this.#orders, this.#other] = [this.#other, this.#orders];
    this.#orders.clear();
    this.#numbers.fill(-1);
    this.#window = window;
    this.#parser = parser;
    parser.feed(window);
    if (isLast) parser.finish();
    return this.#orders;
  }

  directory(parser: NarParser): void {
    this.counter.directory();
    const { depth } = parser;
    if (depth === 0) this.#orders.makeRoot();
    this.#numbers[depth] = depth === 0 ? 0 : this.#orders.directory(this.#number(parser, depth - 1), parser.name, true);
  }

  file(parser: NarParser): boolean {
    this.counter.file(parser);
    if (parser.size === 0) this.#order(parser, true, true, 0, 0);
    return true;
  }

  contents(bytes: Uint8Array, offset: number): void {
    const parser = this.#parser as NarParser;
    this.#order(parser, offset === 0, offset + bytes.length === parser.size, bytes.byteOffset - this.#window.byteOffset, bytes.length);
  }

  symlink(parser: NarParser): void {
    this.counter.symlink();
    this.#orders.link(this.#directoryOf(parser), parser.name, parser.target);
  }

  end(): void {}

  #order(parser: NarParser, begins: boolean, ends: boolean, place: number, length: number): void {
    const { executable } = parser;
    this.#orders.file(this.#directoryOf(parser), parser.name, { executable, begins, ends, place, length });
  }

  /** The directory that the node at hand is in; of the root, which has no name, the root's own number. */
  #directoryOf(parser: NarParser): number {
    return parser.depth === 0 ? 0 : this.#number(parser, parser.depth - 1);
  }

  #number(parser: NarParser, depth: number): number {
    const known = this.#numbers[depth];
    if (known !== undefined && known >= 0) return known;
    let from = depth;
    while (from > 0 && (this.#numbers[from - 1] as number) < 0) from--;
    for (let at = from; at <= depth; at++) {
      this.#numbers[at] = at === 0 ? 0 : this.#orders.directory(this.#numbers[at - 1] as number, parser.nameAt(at), false);
    }
    return this.#numbers[depth] as number;
  }
}
