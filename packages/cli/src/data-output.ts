import { constants, openSync, statSync } from 'node:fs';
import { writeFileAtomically } from '@chunker/io';
import type { Context } from './context.js';
import { usageError } from './failure.js';
import { bytesOf } from './names.js';
import { Output } from './output.js';

/** Where a command's data go. */
export interface DataOptions {
  readonly output?: string;
  readonly force?: boolean;
}

/** True when data go to standard output, which then holds nothing else. */
export function toStandardOutput({ output }: DataOptions): boolean {
  return output === undefined || descriptorOf(output) === 1;
}

/** The open descriptor that a name stands for: `-`, `/dev/stdout`, `/dev/fd/3`. It is written to as it is: a file that took the name's place would be one in /dev, and standard output be lost to everybody. */
function descriptorOf(output: string): number | undefined {
  if (output === '-' || output === '/dev/stdout') return 1;
  if (output === '/dev/stderr') return 2;
  const match = /^\/(?:dev|proc\/self)\/fd\/(\d{1,9})$/.exec(output);
  return match === null ? undefined : Number(match[1]);
}

/** Refuses what cannot go well before anything is read: data on a terminal, data and a JSON document in one place. */
export function checkDataOutput(context: Context, options: DataOptions): void {
  if (options.output === '') throw usageError('-o needs the name of a file');
  if (!toStandardOutput(options)) return;
  if (context.json) throw usageError('--json needs -o FILE: standard output holds the data');
  if (context.out.isTerminal && options.force !== true) throw usageError('data are not written to a terminal; give -o FILE, or --force');
}

/** Writes all pieces to standard output, to a device or, in one step, to the file. Answers the bytes. */
export async function writeData(context: Context, pieces: AsyncIterable<Uint8Array>, options: DataOptions): Promise<number> {
  if (toStandardOutput(options)) return writeEach(context, pieces, (piece) => context.write(piece));
  const path = Buffer.from(bytesOf(options.output as string));
  const device = descriptorOf(options.output as string) ?? openDevice(path);
  if (device === undefined) return writeFileAtomically(path, pieces, { force: options.force, signal: context.signal });
  // Open until the process ends: a socket of the output's may still be over it.
  const output = new Output(device);
  return writeEach(context, pieces, (piece) => output.write(piece));
}

async function writeEach(context: Context, pieces: AsyncIterable<Uint8Array>, write: (piece: Uint8Array) => Promise<void>): Promise<number> {
  let bytes = 0;
  for await (const piece of pieces) {
    context.signal.throwIfAborted();
    await write(piece);
    bytes += piece.length;
  }
  return bytes;
}

/** A descriptor of what no file can take the place of: /dev/null, /dev/stdout. */
function openDevice(path: Buffer): number | undefined {
  const facts = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (facts?.isFIFO()) return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  return facts?.isCharacterDevice() ? openSync(path, constants.O_WRONLY) : undefined;
}

/** The same pieces, counted on their way. */
export async function* counted(pieces: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    count(piece.length);
    yield piece;
  }
}
