import { stat } from 'node:fs/promises';
import { openFile } from '@chunker/io';
import { isNar } from '@chunker/nar';
import { descriptorOf } from './files.js';
import { bytesOf } from './names.js';

/** What a path is to the commands that read whole things. */
export type InputKind = 'file' | 'directory' | 'nar' | 'stream';

/** Enough to tell an archive. */
const HEAD_BYTES = 64;

/** A descriptor is a stream; links are followed; an archive is told by its first bytes. */
export async function kindOf(path: string, signal: AbortSignal): Promise<InputKind> {
  if (descriptorOf(path) !== undefined) return 'stream';
  const isDirectory = await stat(Buffer.from(bytesOf(path))).then(
    (facts) => facts.isDirectory(),
    // What is wrong with it is said by the one who opens it.
    () => false,
  );
  if (isDirectory) return 'directory';
  return (await isArchive(path, signal)) ? 'nar' : 'file';
}

async function isArchive(path: string, signal: AbortSignal): Promise<boolean> {
  const file = await openFile(bytesOf(path), { signal });
  try {
    const head = new Uint8Array(HEAD_BYTES);
    return isNar(head.subarray(0, await file.read(0, head, { signal })));
  } finally {
    await file.close();
  }
}
