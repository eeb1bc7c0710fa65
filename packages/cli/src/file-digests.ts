import type { Hash } from '@chunker/core';
import { wholeDigest } from '@chunker/pipeline';
import type { Context } from './context.js';
import { usageError, withoutStage } from './failure.js';
import { inputFor } from './files.js';
import { expectedBytes } from './expected-bytes.js';
import { SmallDigests } from './small-digests.js';
import { FEW } from './small-files.js';

/** A file's digest, or why there is none. */
export interface FileDigest {
  readonly path: string;
  readonly digest?: Uint8Array;
  readonly error?: unknown;
}

/** Files whose digests are taken at the same time: reading one overlaps with hashing another. */
const FILES_AT_ONCE = 4;
/** Batches of small files under way: one is read while another is hashed. */
const BATCHES_AT_ONCE = 3;

/** Digests of files in the order of the paths, in lists; `-` is standard input. A file that cannot be read does not stop the others. */
export async function* digestFiles(context: Context, hash: Hash, paths: readonly string[]): AsyncGenerator<readonly FileDigest[]> {
  if (paths.filter((path) => path === '-').length > 1) throw usageError('standard input can be read once');
  let bytes = 0;
  const count = (more: number) => {
    bytes += more;
  };
  const expected = expectedBytes(context, paths);
  context.showProgress(() => ({ label: `hash ${hash.name}`, bytes, totalBytes: expected.bytes }));
  const small = paths.length < FEW ? undefined : new SmallDigests(hash, context.signal);
  try {
    for await (const rows of ahead(batchesOf(small, context, hash, paths, count), small === undefined ? FILES_AT_ONCE : BATCHES_AT_ONCE)) {
      context.signal.throwIfAborted();
      yield rows;
    }
  } finally {
    await small?.close();
    await context.hideProgress();
  }
}

function* batchesOf(
  small: SmallDigests | undefined,
  context: Context,
  hash: Hash,
  paths: readonly string[],
  count: (bytes: number) => void,
): Generator<() => Promise<readonly FileDigest[]>> {
  if (small === undefined) {
    for (const path of paths) yield async () => [await digestFile(context, hash, path, count)];
    return;
  }
  for (let from = 0; from < paths.length; ) {
    const batch = paths.slice(from, small.batchEnd(paths, from));
    from += batch.length;
    yield () => digestBatch(small, context, hash, batch, count);
  }
}

/** The small ones together, what is left one by one. */
async function digestBatch(small: SmallDigests, context: Context, hash: Hash, paths: readonly string[], count: (bytes: number) => void) {
  const { digests, bytes } = await small.digest(paths);
  count(bytes);
  const rows: FileDigest[] = [];
  const left: number[] = [];
  for (const [index, path] of paths.entries()) {
    const digest = digests[index];
    rows.push({ path, ...(digest === undefined ? {} : { digest }) });
    if (digest === undefined) left.push(index);
  }
  const each = function* () {
    for (const index of left) yield async () => [index, await digestFile(context, hash, paths[index] as string, count)] as const;
  };
  for await (const [index, row] of ahead(each(), FILES_AT_ONCE)) rows[index] = row;
  return rows;
}

/** What the functions give, in their order, with so many of them under way. All have ended when it ends. */
async function* ahead<T>(starts: Iterable<() => Promise<T>>, atOnce: number): AsyncGenerator<T> {
  const running: Promise<T>[] = [];
  try {
    for (const start of starts) {
      const next = start();
      // Whoever waits for an earlier one may never come to this one.
      next.catch(() => {});
      running.push(next);
      if (running.length >= atOnce) yield await (running.shift() as Promise<T>);
    }
    while (running.length > 0) yield await (running.shift() as Promise<T>);
  } finally {
    await Promise.allSettled(running);
  }
}

async function digestFile(context: Context, hash: Hash, path: string, count: (bytes: number) => void): Promise<FileDigest> {
  try {
    context.signal.throwIfAborted();
    return { path, digest: await wholeDigest(hash, inputFor(path), { signal: context.signal, onBytes: count }) };
  } catch (error) {
    return { path, error: withoutStage(error) };
  }
}
