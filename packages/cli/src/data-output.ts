import { writeFileAtomically } from '@chunker/io';
import type { Context } from './context.js';
import { usageError } from './failure.js';
import { bytesOf } from './names.js';

/** Where a command's data go. */
export interface DataOptions {
  readonly output?: string;
  readonly force?: boolean;
}

/** True when data go to standard output, which then holds nothing else. */
export function toStandardOutput({ output }: DataOptions): boolean {
  return output === undefined || output === '-';
}

/** Refuses what cannot go well before anything is read: data on a terminal, data and a JSON document in one place. */
export function checkDataOutput(context: Context, options: DataOptions): void {
  if (options.output === '') throw usageError('-o needs the name of a file');
  if (!toStandardOutput(options)) return;
  if (context.json) throw usageError('--json needs -o FILE: standard output holds the data');
  if (context.out.isTerminal && options.force !== true) throw usageError('data are not written to a terminal; give -o FILE, or --force');
}

/** Writes all pieces to standard output or, in one step, to the file. Answers the bytes. */
export async function writeData(context: Context, pieces: AsyncIterable<Uint8Array>, options: DataOptions): Promise<number> {
  if (!toStandardOutput(options)) {
    return writeFileAtomically(bytesOf(options.output as string), pieces, { force: options.force, signal: context.signal });
  }
  let bytes = 0;
  for await (const piece of pieces) {
    context.signal.throwIfAborted();
    await context.write(piece);
    bytes += piece.length;
  }
  return bytes;
}

/** The same pieces, counted on their way. */
export async function* counted(pieces: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    count(piece.length);
    yield piece;
  }
}
