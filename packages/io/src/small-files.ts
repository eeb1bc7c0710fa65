import type { IoError } from '@chunker/core';
import { ReadRequests } from './requests.js';
import type { Tree } from './tree.js';

/** Files of one batch, one behind the other. */
export interface SmallFiles {
  /** Bytes of file i; 0 where it failed. */
  readonly lengths: Uint32Array;
  /** Where file i begins in the window. */
  readonly offsets: Uint32Array;
  /** Bytes of the window that are used. */
  readonly bytes: number;
  /** What went wrong, by index. `file_too_large`: it did not fit into `maxFileBytes`, or into what was left of the window. */
  readonly errors: ReadonlyMap<number, IoError>;
}

/** What of many small files is read. */
export interface SmallFileOptions {
  /** A file larger than this is not read; default the whole window. */
  readonly maxFileBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads many files of one directory in one call: for each `openat`, one read, `close`. `directory` is the path from the tree's root (empty: the root), `names` are bytes.
 * The files lie in `window` one behind the other in the order of `names`; each has its own success or error.
 */
export async function readSmallFiles(
  tree: Tree,
  directory: Uint8Array,
  names: readonly Uint8Array[],
  window: Uint8Array,
  options: SmallFileOptions = {},
): Promise<SmallFiles> {
  const requests = new ReadRequests();
  const from = { path: directory, depth: 0 };
  const room = Math.min(options.maxFileBytes ?? window.length, window.length);
  for (const name of names) requests.append(from, name, room);
  const outcomes = await tree.readEach(requests, window, options);
  const lengths = new Uint32Array(names.length);
  const offsets = new Uint32Array(names.length);
  const errors = new Map<number, IoError>();
  let bytes = 0;
  for (let i = 0; i < names.length; i++) {
    const fault = outcomes[i * 2 + 1] as number;
    offsets[i] = bytes;
    lengths[i] = outcomes[i * 2] as number;
    bytes += lengths[i] as number;
    if (fault !== 0) errors.set(i, tree.readError(requests, i, fault));
  }
  return { lengths, offsets, bytes, errors };
}
