import { openFile } from '@chunker/io';
import { isNar, type NarSource } from '@chunker/nar';
import { openRegistry, takeCodec } from './algorithms.js';
import type { Context } from './context.js';
import { bytesFrom, descriptorOf } from './files.js';
import { bytesOf } from './names.js';
import { peek } from './peek.js';

/** What detection looks at. */
const HEAD_BYTES = 4096;
/** Of a decoder, as `chunker decompress` has it. */
const MAX_MEMORY_BYTES = 128 * 1024 * 1024;

/**
 * An archive from a file or a descriptor. One that is compressed by a registered codec is decompressed on the way: the codec is told by the first bytes, brotli, which has none of its own, by `.br` at
 * the end of the name. Whatever is neither is handed on: whoever parses it says what is wrong.
 */
export async function openArchive(context: Context, path: string): Promise<NarSource> {
  return (await open(context, path)).source;
}

/** The same where the bytes, decompressed or not, begin as an archive does; else undefined. */
export async function openIfArchive(context: Context, path: string): Promise<NarSource | undefined> {
  // Asked before it is read: at its end a pipe is closed.
  const isStream = descriptorOf(path) !== undefined;
  const { source, decompressed } = await open(context, path);
  if (decompressed === undefined) return isStream || (await isPlain(context, path)) ? source : undefined;
  try {
    const { head, all } = await peek(decompressed, HEAD_BYTES);
    if (isNar(head)) return all;
    await all[Symbol.asyncIterator]().return?.(undefined);
  } catch (error) {
    if (context.signal.aborted) throw error;
    // What cannot be decompressed is a file like any other.
  }
  return undefined;
}

async function open(context: Context, path: string): Promise<{ readonly source: NarSource; readonly decompressed?: AsyncIterable<Uint8Array> }> {
  const { signal } = context;
  const isStream = descriptorOf(path) !== undefined;
  const { head, all } = isStream ? await peek(bytesFrom(path, signal), HEAD_BYTES) : { head: await headOf(context, path), all: bytesFrom(path, signal) };
  const plain = isStream ? all : { file: bytesOf(path) };
  if (isNar(head)) return { source: plain };
  const { registry } = await openRegistry(context);
  const name = registry.detect(head) ?? (path.endsWith('.br') ? 'brotli' : undefined);
  if (name === undefined) return { source: plain };
  const codec = await takeCodec(registry, name);
  const decompressed = codec.decompressStream(all, { signal, maxMemoryBytes: MAX_MEMORY_BYTES });
  return { source: decompressed, decompressed };
}

async function isPlain(context: Context, path: string): Promise<boolean> {
  return isNar(await headOf(context, path));
}

async function headOf({ signal }: Context, path: string): Promise<Uint8Array> {
  const file = await openFile(bytesOf(path), { signal });
  try {
    const head = new Uint8Array(HEAD_BYTES);
    return head.subarray(0, await file.read(0, head, { signal }));
  } finally {
    await file.close();
  }
}

/** Runs a command's work on an archive with a line of progress. */
export async function withProgress<T>(context: Context, label: string, work: (onBytes: (bytes: number) => void) => Promise<T>): Promise<T> {
  let bytes = 0;
  context.showProgress(() => ({ label, bytes }));
  try {
    return await work((now) => {
      bytes = now;
    });
  } finally {
    await context.hideProgress();
  }
}
