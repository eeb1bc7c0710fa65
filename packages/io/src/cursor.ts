// Depth first through a tree, names in byte order, without recursion. Directories are listed ahead in groups of siblings, so that listing runs on another thread while
// the caller works; memory grows with the largest directory and with depth, not with the tree.
import type { IoError } from '@chunker/core';
import { faultError } from './errors.js';
import type { KernelTree } from './kernel.js';
import { displayPath, joinPath } from './names.js';
import { AT, EXECUTABLE, KIND, type Listing, nameOf, RECORD_WORDS, targetOf, wide } from './records.js';
import type { Directory } from './requests.js';

/** Directories asked for in one call. */
const GROUP = 32;

export interface CursorOptions {
  /** Where the root is, for messages. */
  readonly base?: Uint8Array | undefined;
  /** Entries for which it answers true are left out, directories with all below them. `path` is from the root. */
  readonly excluded?: ((path: Uint8Array, isDirectory: boolean) => boolean) | undefined;
  /** Directories on other file systems than the root's are entries, but are not entered. */
  readonly oneFileSystem?: boolean | undefined;
  /** Called for an entry that cannot be read; the answer `skip` leaves it out, anything else ends the walk with the error. */
  readonly onError?: ((error: IoError) => 'skip' | undefined) | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Frame {
  readonly directory: Directory;
  readonly listing: Listing;
  readonly skip: Uint8Array | undefined;
  index: number;
  /** The first subdirectory that was not asked for yet. */
  next: number;
  ahead: Promise<readonly Child[]> | undefined;
  ready: Map<number, Child>;
}

interface Child {
  readonly index: number;
  readonly directory: Directory;
  readonly listing: Listing;
}

/** The walk of one tree. After `advance` answered true, the fields tell the entry at hand. */
export class TreeCursor {
  readonly #tree: KernelTree;
  readonly #options: CursorOptions;
  readonly #frames: Frame[] = [];
  readonly #above: Directory = { path: new Uint8Array(0), depth: -1 };
  #started = false;
  #entered: Child | undefined;

  /** The directory that the entry is in; the root is in none, its own has depth -1. */
  directory: Directory;
  listing: Listing;
  index = 0;

  constructor(tree: KernelTree, options: CursorOptions) {
    this.#tree = tree;
    this.#options = options;
    this.directory = this.#above;
    this.listing = tree.root;
  }

  /** Distance from the root. */
  get depth(): number {
    return this.directory.depth + 1;
  }

  /** The number of the kind (records.ts). */
  get kind(): number {
    return this.#word(AT.kind) & 0xff;
  }

  get executable(): boolean {
    return (this.#word(AT.kind) & EXECUTABLE) !== 0;
  }

  get size(): number {
    return wide(this.listing.records, this.index * RECORD_WORDS + AT.size);
  }

  get name(): Uint8Array {
    return nameOf(this.listing, this.index);
  }

  get target(): Uint8Array {
    return targetOf(this.listing, this.index);
  }

  /** The path from the root; empty for the root. */
  get path(): Uint8Array {
    return joinPath(this.directory.path, this.name);
  }

  /** Goes to the next entry; false at the end. A promise only where a directory's listing has not arrived yet. */
  advance(): boolean | Promise<boolean> {
    this.#options.signal?.throwIfAborted();
    if (!this.#started) return this.#start();
    if (this.#entered !== undefined) {
      this.#push(this.#entered);
      this.#entered = undefined;
    }
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      if (frame.index >= frame.listing.count) {
        this.#frames.pop();
        continue;
      }
      const index = frame.index++;
      if (frame.skip?.[index] === 1) continue;
      this.directory = frame.directory;
      this.listing = frame.listing;
      this.index = index;
      if (this.#word(AT.fault) !== 0 && this.#refused(this.#word(AT.fault), this.path)) continue;
      if (this.kind !== KIND.directory || !this.#enters(frame.listing, index)) return true;
      const child = frame.ready.get(index);
      if (child === undefined) return this.#await(frame, index);
      if (this.#arrive(frame, child)) return true;
    }
    return false;
  }

  async #start(): Promise<boolean> {
    this.#started = true;
    if (this.kind !== KIND.directory) return true;
    const directory: Directory = { path: new Uint8Array(0), depth: 0 };
    const [listing] = await this.#tree.list([directory.path], this.#probes, this.#options.signal);
    if (listing === undefined || (listing.fault !== 0 && this.#refused(listing.fault, directory.path))) return false;
    this.#entered = { index: 0, directory, listing };
    return true;
  }

  async #await(frame: Frame, index: number): Promise<boolean> {
    for (let child = frame.ready.get(index); ; child = frame.ready.get(index)) {
      if (child !== undefined) return this.#arrive(frame, child) || this.advance();
      this.#askAhead(frame);
      const group = frame.ahead;
      frame.ahead = undefined;
      for (const found of (await group) ?? []) frame.ready.set(found.index, found);
      this.#askAhead(frame);
    }
  }

  /** The listing of the directory at hand is here; false when it could not be listed and is left out. */
  #arrive(frame: Frame, child: Child): boolean {
    frame.ready.delete(child.index);
    if (child.listing.fault !== 0 && this.#refused(child.listing.fault, child.directory.path)) return false;
    this.#entered = child;
    return true;
  }

  #push({ directory, listing }: Child): void {
    const frame: Frame = { directory, listing, skip: this.#excluded(directory, listing), index: 0, next: 0, ahead: undefined, ready: new Map() };
    this.#frames.push(frame);
    this.#askAhead(frame);
  }

  #askAhead(frame: Frame): void {
    if (frame.ahead !== undefined) return;
    const indexes: number[] = [];
    let next = frame.next;
    for (; next < frame.listing.count && indexes.length < GROUP; next++) {
      const wanted = kindAt(frame.listing, next) === KIND.directory && frame.skip?.[next] !== 1 && this.#enters(frame.listing, next);
      if (wanted) indexes.push(next);
    }
    frame.next = next;
    if (indexes.length === 0) return;
    frame.ahead = this.#list(frame, indexes);
    // Whoever needs it gets the failure; until then it must not count as unhandled.
    frame.ahead.catch(() => {});
  }

  async #list(frame: Frame, indexes: readonly number[]): Promise<readonly Child[]> {
    const { directory: parent, listing: names } = frame;
    const children = indexes.map((index) => ({
      index,
      directory: { path: joinPath(parent.path, nameOf(names, index)), depth: parent.depth + 1 },
    }));
    const paths = children.map(({ directory }) => directory.path);
    const listings = await this.#tree.list(paths, this.#probes, this.#options.signal);
    // Those that did not fit into one answer are asked for again.
    const missing = indexes[listings.length];
    if (missing !== undefined) frame.next = missing;
    return listings.map((listing, i) => ({ ...(children[i] as (typeof children)[number]), listing }));
  }

  #excluded(directory: Directory, listing: Listing): Uint8Array | undefined {
    const { excluded } = this.#options;
    if (excluded === undefined) return undefined;
    const skip = new Uint8Array(listing.count);
    for (let index = 0; index < listing.count; index++) {
      const path = joinPath(directory.path, nameOf(listing, index));
      if (excluded(path, kindAt(listing, index) === KIND.directory)) skip[index] = 1;
    }
    return skip;
  }

  #enters({ records }: Listing, index: number): boolean {
    if (this.#options.oneFileSystem !== true) return true;
    const root = this.#tree.root.records;
    const at = index * RECORD_WORDS + AT.dev;
    return records[at] === root[AT.dev] && records[at + 1] === root[AT.dev + 1];
  }

  /** Readability is looked at beforehand only where an unreadable file may be left out. */
  get #probes(): boolean {
    return this.#options.onError !== undefined;
  }

  #refused(fault: number, path: Uint8Array): true {
    const error = faultError(fault, displayPath(joinPath(this.#options.base ?? this.#above.path, path)));
    if (this.#options.onError?.(error) === 'skip') return true;
    throw error;
  }

  #word(at: number): number {
    return this.listing.records[this.index * RECORD_WORDS + at] as number;
  }
}

function kindAt({ records }: Listing, index: number): number {
  return (records[index * RECORD_WORDS] as number) & 0xff;
}
