import { verifyNar } from '@chunker/nar';
import { openArchive, withProgress } from '../archive.js';
import type { Context } from '../context.js';
import { usageError } from '../failure.js';
import { printable } from '../names.js';

/** `chunker nar verify`: reads an archive to its end; the first rule that it breaks is the error. */
export async function narVerify(context: Context, operands: readonly string[]): Promise<void> {
  if (operands.length > 1) throw usageError('nar verify takes one archive');
  const path = operands[0] ?? '-';
  const summary = await withProgress(context, `nar verify ${printable(path)}`, async (onBytes) =>
    verifyNar(await openArchive(context, path), { signal: context.signal, onBytes }),
  );
  if (context.json) return context.document(summary);
  const { narSize, directories, files, symlinks } = summary;
  await context.line(`${context.out.name(path)}: OK, ${narSize} bytes, ${directories} directories, ${files} files, ${symlinks} symbolic links`);
}
