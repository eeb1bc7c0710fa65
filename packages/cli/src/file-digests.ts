import type { Hash } from '@chunker/core';
import { wholeDigest } from '@chunker/pipeline';
import type { Context } from './context.js';
import { usageError, withoutStage } from './failure.js';
import { standardInput } from './files.js';
import { bytesOf } from './names.js';

/** A file's digest, or why there is none. */
export interface FileDigest {
  readonly path: string;
  readonly digest?: Uint8Array;
  readonly error?: unknown;
}

/** Files whose digests are taken at the same time: reading one overlaps with hashing another. */
const FILES_AT_ONCE = 4;

/** Digests of files in the order of the paths, several at once; `-` is standard input. A file that cannot be read does not stop the others. */
export async function* digestFiles(context: Context, hash: Hash, paths: readonly string[]): AsyncGenerator<FileDigest> {
  if (paths.filter((path) => path === '-').length > 1) throw usageError('standard input can be read once');
  let bytes = 0;
  const count = (more: number) => {
    bytes += more;
  };
  const ahead: Promise<FileDigest>[] = [];
  let next = 0;
  try {
    context.showProgress(() => ({ label: `hash ${hash.name}`, bytes }));
    while (next < paths.length || ahead.length > 0) {
      while (next < paths.length && ahead.length < FILES_AT_ONCE) ahead.push(digestFile(context, hash, paths[next++] as string, count));
      const row = await (ahead.shift() as Promise<FileDigest>);
      context.signal.throwIfAborted();
      await context.hideProgress();
      yield row;
      context.showProgress(() => ({ label: `hash ${hash.name}`, bytes }));
    }
  } finally {
    await Promise.allSettled(ahead);
    await context.hideProgress();
  }
}

async function digestFile(context: Context, hash: Hash, path: string, count: (bytes: number) => void): Promise<FileDigest> {
  try {
    const input = path === '-' ? standardInput() : { file: bytesOf(path) };
    return { path, digest: await wholeDigest(hash, input, { signal: context.signal, onBytes: count }) };
  } catch (error) {
    return { path, error: withoutStage(error) };
  }
}
