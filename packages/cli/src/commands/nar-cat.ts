import { catNar } from '@chunker/nar';
import { openArchive } from '../archive.js';
import type { Context } from '../context.js';
import { checkDataOutput, type DataOptions, writeData } from '../data-output.js';
import { bytesOf } from '../names.js';

/** `chunker nar cat`: one file out of an archive, which is read and checked up to that file's end. */
export async function narCat(context: Context, operands: readonly string[], options: DataOptions): Promise<void> {
  const [path, inner] = operands as [string, string];
  checkDataOutput(context, options);
  const contents = catNar(await openArchive(context, path), bytesOf(inner), { signal: context.signal });
  const bytes = await writeData(context, contents, options);
  if (context.json) await context.document({ path: inner, bytes });
}
