import { createReadStream, fstatSync } from 'node:fs';
import { openFile } from '@chunker/io';
import { bytesOf } from './names.js';

const READ_BYTES = 1024 * 1024;

/** Standard input as pieces: of a file up to 1 MiB; of a pipe what it holds, waited for in the event loop and not in a system call that no exit could end. */
export function standardInput(): AsyncIterable<Uint8Array> {
  return fstatSync(0).isFile() ? createReadStream('', { fd: 0, autoClose: false, highWaterMark: READ_BYTES }) : process.stdin;
}

/** A file, or standard input for `-`, as pieces; each is valid until the next is pulled. */
export function bytesFrom(path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  return path === '-' ? standardInput() : filePieces(path, signal);
}

async function* filePieces(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const file = await openFile(bytesOf(path), { signal });
  try {
    for (let at = 0; ; ) {
      // A buffer per piece: whoever compresses it may still read it when the next one is pulled.
      const piece = new Uint8Array(READ_BYTES);
      const bytes = await file.read(at, piece, { signal });
      if (bytes > 0) yield piece.subarray(0, bytes);
      at += bytes;
      if (bytes < piece.length) break;
    }
    await file.checkUnchanged();
  } finally {
    await file.close();
  }
}
