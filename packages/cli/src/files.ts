import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { isatty } from 'node:tty';
import { ChunkerError } from '@chunker/core';
import { openDescriptorSource, openFile, type WindowSource } from '@chunker/io';
import { bytesOf } from './names.js';

const READ_BYTES = 1024 * 1024;
const STANDARD_INPUT = 'standard input';

/**
 * The open descriptor that a path stands for: `-` is standard input; a pipe or socket that was handed to the command has a name below /dev/fd, which shells put in place of `<(…)`. Undefined for all
 * other paths.
 */
export function descriptorOf(path: string): number | undefined {
  if (path === '-') return 0;
  const match = /^\/dev\/stdin$|^\/(?:dev|proc\/self)\/fd\/(\d{1,9})$/.exec(path);
  if (match === null) return undefined;
  const fd = Number(match[1] ?? 0);
  return isFlowing(fd) ? fd : undefined;
}

/** What is scanned, cut or hashed for a path: windows of a descriptor, or a file. */
export function inputFor(path: string): WindowSource | { readonly file: Uint8Array } {
  const fd = descriptorOf(path);
  return fd === undefined ? { file: bytesOf(path) } : openDescriptorSource(fd, shownName(fd, path));
}

function isFlowing(fd: number): boolean {
  try {
    // As integers, see output.ts.
    const facts = fstatSync(fd, { bigint: true });
    return facts.isFIFO() || facts.isSocket();
  } catch {
    return false;
  }
}

function shownName(fd: number, path: string): string {
  return fd === 0 ? STANDARD_INPUT : path;
}

/** A descriptor as pieces: of a file or device up to 1 MiB; of a pipe or terminal what it holds, so that what is compressed or decompressed flows on. */
function descriptorPieces(fd: number, path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  if (!isFlowing(fd) && !isatty(fd)) return steadyPieces(openDescriptorSource(fd, shownName(fd, path)), signal);
  const stream = fd === 0 ? process.stdin : new Socket({ fd, readable: true, writable: false });
  // A signal may come while nobody reads yet: whoever reads then is told, and Node has no error that nobody heard of.
  stream.on('error', () => {});
  return addAbortSignal(signal, stream);
}

async function* steadyPieces(source: WindowSource, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let bytes = READ_BYTES; bytes === READ_BYTES; ) {
    const piece = new Uint8Array(READ_BYTES);
    bytes = await source.fill(piece, signal);
    if (bytes > 0) yield piece.subarray(0, bytes);
  }
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

/** A file or an open descriptor as pieces; each is valid until the next is pulled. */
export function bytesFrom(path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const fd = descriptorOf(path);
  return fd === undefined ? filePieces(path, signal) : descriptorPieces(fd, path, signal);
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
