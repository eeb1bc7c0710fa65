import { isChunkerError } from '@chunker/core';
import { constants, rmSync, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { fileError, fromNode } from './errors.js';
import { displayPath, type PathLike, pathBytes } from './names.js';
import { forgetUnfinished, rememberUnfinished } from './unfinished.js';

/** Bytes over time. */
export type OutputSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** How a file comes into being at its name. */
export interface AtomicOptions {
  /** Replace the file or link that stands there; anything else is refused. Without it an existing target is `already_exists`, also when it appears while this one is written. */
  readonly force?: boolean | undefined;
  /** Permission bits of the new file, less the process's mask; default 0o666. */
  readonly mode?: number | undefined;
  /** Flush the file, and the directory after renaming, to the disk; default true. */
  readonly sync?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a file so that its name shows all of it or nothing: into a temporary file beside it, flushed, then renamed. On failure and abort the temporary file is removed. Views
 * from the source are written before the next is pulled. Answers the bytes written. Rejects with IoError, with what the source threw, or with the signal's reason.
 */
export async function writeFileAtomically(path: PathLike, source: OutputSource, options: AtomicOptions = {}): Promise<number> {
  const target = Buffer.from(pathBytes(path));
  const shown = displayPath(target);
  options.signal?.throwIfAborted();
  await checkTarget(target, shown, options.force === true);
  const directory = target.subarray(0, target.lastIndexOf(0x2f) + 1);
  // Loaded when something is written: it takes as long to load as a small file to scan.
  const { randomBytes } = await import('node:crypto');
  const temporary = Buffer.concat([directory, Buffer.from(`.chunker-${randomBytes(9).toString('base64url')}.tmp`)]);
  rememberUnfinished(temporary, () => rmSync(temporary, { force: true }));
  try {
    const bytes = await writeAll(temporary, source, options);
    options.signal?.throwIfAborted();
    await publish(temporary, target, options.force === true);
    if (options.sync !== false) await syncDirectory(directory);
    return bytes;
  } catch (error) {
    await rm(temporary, { force: true });
    throw isChunkerError(error) ? error : fromNode(error, shown);
  } finally {
    forgetUnfinished(temporary);
  }
}

/** A device, fifo or socket is never replaced, also not by way of a link: `/dev/null` would be an ordinary file from then on. */
async function checkTarget(target: Buffer, shown: string, force: boolean): Promise<void> {
  const itself = await factsIfAny(lstat, target, shown);
  if (itself === undefined) return;
  if (!force) throw fileError('already_exists', { path: shown });
  if (itself.isDirectory()) throw fileError('is_directory', { path: shown });
  const facts = itself.isSymbolicLink() ? await factsIfAny(stat, target, shown) : itself;
  if (facts !== undefined && !facts.isFile() && !facts.isDirectory()) throw fileError('unsupported_file_type', { path: shown });
}

async function factsIfAny(look: typeof lstat | typeof stat, target: Buffer, shown: string): Promise<Stats | undefined> {
  try {
    return await look(target);
  } catch (error) {
    if (['ENOENT', 'ELOOP'].includes((error as { code?: string }).code ?? '')) return undefined;
    throw fromNode(error, shown);
  }
}

async function writeAll(temporary: Buffer, source: OutputSource, { mode, sync, signal }: AtomicOptions): Promise<number> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const file = await open(temporary, flags, mode ?? 0o666);
  try {
    let bytes = 0;
    for await (const piece of source instanceof Uint8Array ? [source] : source) {
      signal?.throwIfAborted();
      await writePiece(file, piece);
      bytes += piece.length;
    }
    // A failed flush may have lost pages for good: the file is given up, never flushed again.
    if (sync !== false) await file.sync();
    return bytes;
  } finally {
    await file.close();
  }
}

async function writePiece(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let done = 0; done < piece.length; ) done += (await file.write(piece, done, piece.length - done)).bytesWritten;
}

async function publish(temporary: Buffer, target: Buffer, force: boolean): Promise<void> {
  if (force) return rename(temporary, target);
  try {
    // A hard link refuses an existing name, which rename would replace.
    await link(temporary, target);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EEXIST' || !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) throw error;
    // A file system without hard links: the look before is all there is.
    return rename(temporary, target);
  }
  await rm(temporary).catch(async (error) => {
    // An error means that nothing stands under the name.
    await rm(target, { force: true });
    throw error;
  });
}

async function syncDirectory(directory: Buffer): Promise<void> {
  // Windows cannot open a directory, some file systems cannot flush one: the file itself is safe by then.
  const handle = await open(directory.length === 0 ? '.' : directory, constants.O_RDONLY).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
