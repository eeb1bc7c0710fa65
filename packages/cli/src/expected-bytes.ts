import { stat } from 'node:fs/promises';
import type { WalkOptions } from '@chunker/io';
import type { Context } from './context.js';
import { descriptorOf } from './files.js';
import { bytesOf } from './names.js';

/** How many bytes a command will read, where that can be told beforehand. */
export interface ExpectedBytes {
  /** Undefined until it is known, and where it cannot be known. */
  readonly bytes: number | undefined;
}

/** Looks at the sizes of files and of all below directories, beside the work and only where somebody sees the progress. Never fails: what cannot be looked at leaves the total unknown. */
export function expectedBytes(context: Context, paths: readonly string[], walking: WalkOptions = {}): ExpectedBytes {
  const expected: { bytes: number | undefined } = { bytes: undefined };
  if (!context.showsProgress || paths.some((path) => descriptorOf(path) !== undefined)) return expected;
  void sum(paths, { ...walking, signal: context.signal, onError: () => 'skip' }).then(
    (bytes) => {
      expected.bytes = bytes;
    },
    () => {},
  );
  return expected;
}

async function sum(paths: readonly string[], walking: WalkOptions): Promise<number> {
  let bytes = 0;
  for (const path of paths) {
    walking.signal?.throwIfAborted();
    // A file that is missing will be told of by whoever opens it; here it has no bytes.
    const facts = await stat(Buffer.from(bytesOf(path))).catch(() => undefined);
    if (facts === undefined) continue;
    bytes += facts.isDirectory() ? await treeBytes(path, walking) : facts.size;
  }
  return bytes;
}

/** An archive holds a header of about this many bytes for each entry, and contents at multiples of eight. */
const ENTRY_BYTES = 180;

async function treeBytes(path: string, walking: WalkOptions): Promise<number> {
  const { walk } = await import('@chunker/io');
  let bytes = 0;
  for await (const entries of walk(bytesOf(path), walking)) {
    for (const { kind, size, name } of entries) bytes += ENTRY_BYTES + name.length + (kind === 'regular' ? Math.ceil(size / 8) * 8 : 0);
  }
  return bytes;
}
