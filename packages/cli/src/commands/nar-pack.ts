import { narStream } from '@chunker/nar';
import type { Context } from '../context.js';
import { checkDataOutput, counted, type DataOptions, writeData } from '../data-output.js';
import { expectedBytes } from '../expected-bytes.js';
import { bytesOf, printable } from '../names.js';

/** `chunker nar pack`: the archive that `nix-store --dump` would write. */
export async function narPack(context: Context, operands: readonly string[], options: DataOptions): Promise<void> {
  const [path] = operands as [string];
  checkDataOutput(context, options);
  let bytes = 0;
  const expected = expectedBytes(context, [path]);
  context.showProgress(() => ({ label: `nar pack ${printable(path)}`, bytes, totalBytes: expected.bytes }));
  const pieces = counted(narStream(bytesOf(path), { signal: context.signal }), (more) => {
    bytes += more;
  });
  const narSize = await writeData(context, pieces, options);
  if (context.json) await context.document({ path, narSize });
}
