import type { Hash } from '@chunker/core';
import { ioKernel, openTree, ReadRequests, type Directory, type Tree } from '@chunker/io';
import { bytesOf } from './names.js';

// Many small files, read in one call and hashed in another. What is not an ordinary small file in ordinary directories gets no answer here: whoever reads one file at a time says what it is.

/** Larger files are worth a call of their own. */
const MAX_FILE_BYTES = 128 * 1024;
/** What is read in one call. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** Files of one call: enough that the call costs nothing beside them, few enough that the next batch is read while this one is hashed. */
const MOST_FILES = 1024;
const FIRST_FILES = 128;

const SLASH = 0x2f;

/** Where a path leads from the root of a tree. */
interface Place {
  readonly directory: Uint8Array;
  readonly name: Uint8Array;
}

/** Takes digests of batches of files; a batch after the other. Close it when done. */
export class SmallDigests {
  readonly #hash: Hash;
  readonly #signal: AbortSignal;
  readonly #trees = new Map<string, Promise<Tree>>();
  /** Windows that nobody uses. */
  readonly #spare: Uint8Array[] = [];
  #files = FIRST_FILES;
  readonly #slabs: { end(): void }[] = [];

  constructor(hash: Hash, signal: AbortSignal) {
    this.#hash = hash;
    this.#signal = signal;
  }

  /** How many of the paths from `from` on go into the next batch: those below one root, and no more than are likely to fit into the window. */
  batchEnd(paths: readonly string[], from: number): number {
    const root = rootOf(paths[from] as string);
    let end = from + 1;
    while (end < paths.length && end - from < this.#files && rootOf(paths[end] as string) === root) end++;
    return end;
  }

  /** Digests one behind the other, of those files that have `done`; `bytes` were read. Rejects only when the signal aborts or hashing fails. */
  async digest(paths: readonly string[]): Promise<{ readonly digests: Uint8Array; readonly done: readonly boolean[]; readonly bytes: number }> {
    const done = paths.map(() => false);
    const { requests, indices } = requestsFor(paths);
    const tree = requests.count === 0 ? undefined : await this.#tree(rootOf(paths[0] as string));
    if (tree === undefined) return { digests: new Uint8Array(0), done, bytes: 0 };
    const window = this.#spare.pop() ?? (await this.#newWindow());
    try {
      const outcomes = await tree.readEach(requests, window, { signal: this.#signal });
      const lengths = indices.map((_, i) => outcomes[i * 2] as number);
      const digests = await this.#hash.hashMany(
        {
          buffer: window.subarray(
            0,
            lengths.reduce((sum, length) => sum + length, 0),
          ),
          ranges: { lengths: Uint32Array.from(lengths) },
        },
        { signal: this.#signal },
      );
      const all = new Uint8Array(paths.length * this.#hash.digestLength);
      for (const [i, index] of indices.entries()) {
        done[index] = outcomes[i * 2 + 1] === 0;
        all.set(digests.subarray(i * this.#hash.digestLength, (i + 1) * this.#hash.digestLength), index * this.#hash.digestLength);
      }
      const bytes = lengths.reduce((sum, length) => sum + length, 0);
      // Half the window for files like these: what does not fit is read one by one.
      this.#files = Math.max(8, Math.min(MOST_FILES, Math.floor((WINDOW_BYTES / 2 / (bytes + 1)) * indices.length)));
      return { digests: all, done, bytes };
    } finally {
      this.#spare.push(window);
    }
  }

  async close(): Promise<void> {
    for (const tree of await Promise.allSettled(this.#trees.values())) if (tree.status === 'fulfilled') await tree.value.close();
    for (const slab of this.#slabs) slab.end();
  }

  /** Undefined where the root cannot be opened: then each file says so. */
  async #tree(root: string): Promise<Tree | undefined> {
    let tree = this.#trees.get(root);
    if (tree === undefined) {
      tree = openTree(root);
      this.#trees.set(root, tree);
    }
    return tree.catch(() => undefined);
  }

  async #newWindow(): Promise<Uint8Array> {
    const slab = (await ioKernel()).slabs.take(WINDOW_BYTES);
    this.#slabs.push(slab);
    return slab.bytes;
  }
}

/** Relative paths count from the working directory. */
function rootOf(path: string): string {
  return path.startsWith('/') ? '/' : '.';
}

/** One request per file whose path can be walked as it is written; `indices` says which path each is of. */
function requestsFor(paths: readonly string[]): { readonly requests: ReadRequests; readonly indices: readonly number[] } {
  const requests = new ReadRequests();
  const indices: number[] = [];
  let directory: Directory | undefined;
  for (const [index, path] of paths.entries()) {
    const place = placeOf(bytesOf(path));
    if (place === undefined) continue;
    if (directory === undefined || Buffer.compare(directory.path, place.directory) !== 0) directory = { path: place.directory, depth: 1 };
    requests.append(directory, place.name, MAX_FILE_BYTES);
    indices.push(index);
  }
  return { requests, indices };
}

/** Undefined for what has to be resolved: `..`, `.` or nothing between slashes. */
function placeOf(path: Uint8Array): Place | undefined {
  const start = path[0] === SLASH ? 1 : path[0] === 0x2e && path[1] === SLASH ? 2 : 0;
  const rest = path.subarray(start);
  for (let from = 0; from <= rest.length; ) {
    const slash = rest.indexOf(SLASH, from);
    const end = slash < 0 ? rest.length : slash;
    const isDots = rest[from] === 0x2e && (end - from === 1 || (end - from === 2 && rest[from + 1] === 0x2e));
    if (end === from || isDots || rest.subarray(from, end).includes(0)) return undefined;
    from = end + 1;
  }
  const slash = rest.lastIndexOf(SLASH);
  return { directory: rest.subarray(0, Math.max(slash, 0)), name: rest.subarray(slash + 1) };
}
