import { openTree, ReadRequests, type Directory, type Tree } from '@chunker/io';
import { descriptorOf } from './files.js';
import { bytesOf } from './names.js';

// Many small files, read in one call. What is not an ordinary small file in ordinary directories is not read here: whoever reads one file at a time says what it is.

/** Fewer paths than this are not worth a batch. */
export const FEW = 8;
/** Files of one call: enough that the call costs nothing beside them, few enough that the next batch is read while this one is worked on. */
const MOST_FILES = 1024;
const FIRST_FILES = 128;

const SLASH = 0x2f;

/** Where a path leads from the root of a tree. */
interface Place {
  readonly directory: Uint8Array;
  readonly name: Uint8Array;
}

/** Reads batches of small files. Close it when done. */
export class SmallFiles {
  readonly #maxFileBytes: number;
  readonly #signal: AbortSignal;
  readonly #trees = new Map<string, Promise<Tree>>();
  #files = FIRST_FILES;

  /** Larger files are not read. */
  constructor(maxFileBytes: number, signal: AbortSignal) {
    this.#maxFileBytes = maxFileBytes;
    this.#signal = signal;
  }

  /** Where the next batch from `from` on ends: paths below one root, and no more than are likely to fit into a window. */
  batchEnd(paths: readonly string[], from: number): number {
    const root = rootOf(paths[from] as string);
    let end = from + 1;
    while (end < paths.length && end - from < this.#files && rootOf(paths[end] as string) === root) end++;
    return end;
  }

  /** Reads files into `window`, one behind the other. Answers the bytes of each, and undefined for what was not read. Rejects only when the signal aborts. */
  async read(paths: readonly string[], window: Uint8Array): Promise<readonly (number | undefined)[]> {
    const lengths: (number | undefined)[] = paths.map(() => undefined);
    const { requests, indices } = requestsFor(paths, Math.min(this.#maxFileBytes, window.length));
    const tree = requests.count === 0 ? undefined : await this.#tree(rootOf(paths[0] as string));
    if (tree === undefined) return lengths;
    const outcomes = await tree.readEach(requests, window, { signal: this.#signal });
    let bytes = 0;
    for (const [i, index] of indices.entries()) {
      if (outcomes[i * 2 + 1] !== 0) continue;
      lengths[index] = outcomes[i * 2] as number;
      bytes += outcomes[i * 2] as number;
    }
    // Half the window for files like these: what does not fit is read again, or one by one.
    this.#files = Math.max(FEW, Math.min(MOST_FILES, Math.floor((window.length / 2 / (bytes + 1)) * indices.length)));
    return lengths;
  }

  async close(): Promise<void> {
    for (const tree of await Promise.allSettled(this.#trees.values())) if (tree.status === 'fulfilled') await tree.value.close();
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
}

/** Relative paths count from the working directory. */
function rootOf(path: string): string {
  return path.startsWith('/') ? '/' : '.';
}

/** One request per file whose path can be walked as it is written; `indices` says which path each is of. */
function requestsFor(paths: readonly string[], maxFileBytes: number): { readonly requests: ReadRequests; readonly indices: readonly number[] } {
  const requests = new ReadRequests();
  const indices: number[] = [];
  let directory: Directory | undefined;
  for (const [index, path] of paths.entries()) {
    // `-` is standard input, also where a file has that name.
    const place = descriptorOf(path) === undefined ? placeOf(bytesOf(path)) : undefined;
    if (place === undefined) continue;
    if (directory === undefined || Buffer.compare(directory.path, place.directory) !== 0) directory = { path: place.directory, depth: 1 };
    requests.append(directory, place.name, maxFileBytes);
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
