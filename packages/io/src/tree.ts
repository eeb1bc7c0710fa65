import type { IoError } from '@chunker/core';
import { TreeArchive } from './archive.js';
import { TreeCursor } from './cursor.js';
import { faultError } from './errors.js';
import { excluder } from './globs.js';
import { type IoKernel, ioKernel, type KernelTree, type Reading } from './kernel.js';
import { displayPath, joinPath, type PathLike, pathBytes } from './names.js';
import { type FileFacts, type FileKind, factsOf, KINDS, targetOf } from './records.js';
import type { ReadRequests } from './requests.js';
import { readingFromEnvironment } from './settings.js';

/** Entries in one batch of a walk. */
const BATCH = 1024;

/** One entry of a walk. */
export interface WalkEntry {
  /** Name as bytes; empty for the root. */
  readonly name: Uint8Array;
  /** Path from the root as bytes, components joined by `/`; empty for the root. */
  readonly path: Uint8Array;
  /** 0 for the root. */
  readonly depth: number;
  readonly kind: FileKind;
  /** Bytes; of a symbolic link the length of its target, of a directory what its file system says. */
  readonly size: number;
  /** The owner may execute it. */
  readonly executable: boolean;
  /** Only of a symbolic link. */
  readonly target?: Uint8Array;
  readonly facts: FileFacts;
}

/** What a walk leaves out, and where it ends. */
export interface WalkOptions {
  /**
   * Globs of what is left out (the grammar is `excluder`'s, in globs.ts: `*`, `?`, `[a-z]`, `[!a-z]`, `**`, `{a,b}`), matched against the path from the root; one without `/` matches names at any
   * depth. A directory that matches is not entered.
   */
  readonly exclude?: readonly string[] | undefined;
  /** Directories on other file systems than the root's are entries, but are not entered. */
  readonly oneFileSystem?: boolean | undefined;
  /**
   * Called with the error of an entry that cannot be read (files are probed beforehand when this is given); `skip` leaves the entry out, anything else ends the walk
   * with the error.
   */
  readonly onError?: ((error: IoError) => 'skip' | undefined) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A directory, file or symbolic link, and all below it. Links below the root are never followed. Close it when done. */
export class Tree {
  /** As given by the caller, for messages. */
  readonly path: string;
  /** Facts of the root. */
  readonly facts: FileFacts;
  readonly #base: Uint8Array;
  readonly #kernel: KernelTree;
  readonly #reading: Reading;
  #busy = 0;
  #closed: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(base: Uint8Array, kernel: KernelTree, reading: Reading) {
    this.path = displayPath(base);
    this.#base = base;
    this.#kernel = kernel;
    this.#reading = reading;
    this.facts = factsOf(kernel.root.records);
  }

  /** The target of the root where it is a symbolic link, else empty. */
  get target(): Uint8Array {
    return targetOf(this.#kernel.root, 0);
  }

  /** A walk in the order of a NAR (depth first, names by bytes, root first) that hands out no objects: for those who turn every entry into bytes. */
  cursor(options: WalkOptions = {}): TreeCursor {
    const { exclude = [], oneFileSystem, onError, signal } = options;
    return new TreeCursor(this.#kernel, { base: this.#base, excluded: excluder(exclude), oneFileSystem, onError, signal });
  }

  /** The tree as a Nix archive, walked, read and framed by the kernel, where it can; nothing is left out beforehand and no entry told. Close it before the tree. */
  archive(levels: number, oneFileSystem: boolean): TreeArchive | undefined {
    const kernel = this.#kernel.archive?.(levels, oneFileSystem);
    return kernel === undefined ? undefined : new TreeArchive(this.#base, kernel, this.#reading);
  }

  /** The same walk as batches of entries. Rejects with IoError, or with the signal's reason. */
  async *walk(options: WalkOptions = {}): AsyncGenerator<readonly WalkEntry[], void, undefined> {
    const cursor = this.cursor(options);
    let batch: WalkEntry[] = [];
    for (;;) {
      const more = cursor.advance();
      if (!(typeof more === 'boolean' ? more : await more)) break;
      batch.push(entryOf(cursor));
      if (batch.length === BATCH) {
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0) yield batch;
  }

  /**
   * Reads ranges of files into `window`, off the event loop, several calls at a time where the caller likes. Rejects with the first failure (`file_changed` where a file
   * is no longer the one that was listed); the window is then unspecified. `window` must not be touched until the promise settles.
   */
  async read(requests: ReadRequests, window: Uint8Array, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const outcomes = await this.readEach(requests, window, options);
    for (let i = 0; i < requests.count; i++) {
      const fault = outcomes[i * 2 + 1] as number;
      if (fault !== 0) throw this.readError(requests, i, fault);
    }
  }

  /** The same with an outcome for each request: two words, bytes read and fault (0: none), which `readError` makes an error of. */
  async readEach(requests: ReadRequests, window: Uint8Array, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Uint32Array> {
    options.signal?.throwIfAborted();
    this.#busy++;
    try {
      return await this.#kernel.read(requests, window, this.#reading, options.signal);
    } finally {
      this.#busy--;
      if (this.#busy === 0) this.#idle?.();
    }
  }

  readError(requests: ReadRequests, index: number, fault: number): IoError {
    const path = joinPath(requests.directory(index).path, requests.name(index));
    return faultError(fault, displayPath(path.length === 0 ? this.#base : joinPath(this.#base, path)));
  }

  /** Gives the handle back once running reads have settled. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    if (this.#busy > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    await this.#kernel.close();
  }
}

/** Takes hold of a path: a directory, a file, or a symbolic link itself. Rejects with IoError. */
export async function openTree(path: PathLike, options: { readonly kernel?: IoKernel } = {}): Promise<Tree> {
  const base = pathBytes(path);
  const kernel = options.kernel ?? (await ioKernel());
  return new Tree(base, await kernel.openTree(base), readingFromEnvironment());
}

/** Walks a path in the order of a NAR: root first, depth first, names by bytes. */
export async function* walk(path: PathLike, options: WalkOptions = {}): AsyncGenerator<readonly WalkEntry[], void, undefined> {
  const tree = await openTree(path);
  try {
    yield* tree.walk(options);
  } finally {
    await tree.close();
  }
}

function entryOf(cursor: TreeCursor): WalkEntry {
  const facts = factsOf(cursor.listing.records, cursor.index);
  const entry = {
    name: cursor.name,
    path: cursor.path,
    depth: cursor.depth,
    kind: KINDS[cursor.kind] ?? 'unknown',
    size: facts.size,
    executable: facts.executable,
    facts,
  };
  return facts.kind === 'symlink' ? { ...entry, target: cursor.target } : entry;
}
