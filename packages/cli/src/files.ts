import { createReadStream, fstatSync } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { isatty } from 'node:tty';
import { ChunkerError } from '@chunker/core';
import { fileError, openDescriptorSource, openFile, type WindowSource } from '@chunker/io';
import { bytesOf } from './names.js';

const READ_BYTES = 1024 * 1024;
const STANDARD_INPUT = 'standard input';

/** Standard input as windows, for what is scanned, cut or hashed. */
export function standardInput(): WindowSource {
  return openDescriptorSource(0, STANDARD_INPUT);
}

/** Standard input as pieces: of a file or device up to 1 MiB; of a pipe or terminal what it holds, so that what is compressed or decompressed flows on. */
function standardPieces(signal: AbortSignal): AsyncIterable<Uint8Array> {
  // As integers, see output.ts.
  const facts = fstatSync(0, { bigint: true });
  // `process.stdin` is an empty stream where the runtime does not know what it is given.
  if (facts.isDirectory()) throw fileError('is_directory', { path: STANDARD_INPUT });
  if (facts.isFIFO() || facts.isSocket() || isatty(0)) return addAbortSignal(signal, process.stdin);
  return createReadStream('', { fd: 0, autoClose: false, highWaterMark: READ_BYTES, signal });
}

/** All of a file that is small by nature, such as a key; `-` is standard input. More than `most` bytes are refused before they are held. */
export async function readWhole(path: string, what: string, most: number, signal: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bytesFrom(path, signal)) {
    signal.throwIfAborted();
    pieces.push(piece);
    length += piece.length;
    if (length > most) throw new ChunkerError('invalid_input', { name: what, value: `longer than ${most} bytes`, expected: 'fewer' });
  }
  return Buffer.concat(pieces);
}

/** A file, or standard input for `-`, as pieces; each is valid until the next is pulled. */
export function bytesFrom(path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  return path === '-' ? standardPieces(signal) : filePieces(path, signal);
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
