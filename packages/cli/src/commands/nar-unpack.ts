import { unpackNar } from '@chunker/nar';
import { openArchive, withProgress } from '../archive.js';
import type { Context } from '../context.js';
import { usageError } from '../failure.js';
import { bytesOf, printable } from '../names.js';

export interface UnpackCommandOptions {
  readonly target: string;
  readonly sync?: boolean;
}

/** `chunker nar unpack`: TARGET is there when all of it is, or not at all. */
export async function narUnpack(context: Context, operands: readonly string[], { target, sync }: UnpackCommandOptions): Promise<void> {
  if (operands.length > 1) throw usageError('nar unpack takes one archive');
  const path = operands[0] ?? '-';
  const { signal } = context;
  const summary = await withProgress(context, `nar unpack ${printable(path)}`, async (onBytes) =>
    unpackNar(await openArchive(context, path), bytesOf(target), { signal, onBytes, sync }),
  );
  if (context.json) await context.document({ target, ...summary });
}
