import type { Codec, Handles } from '@chunker/core';
import { openRegistry, takeCodec } from '../algorithms.js';
import type { Context } from '../context.js';
import { checkDataOutput, counted, type DataOptions, writeData } from '../data-output.js';
import { expectedBytes } from '../expected-bytes.js';
import { usageError } from '../failure.js';
import { bytesFrom, readWhole } from '../files.js';
import { checkReadOnce } from '../standard-input.js';

export interface CompressOptions extends DataOptions {
  readonly codec: string;
  readonly dictionary?: string;
}

/** More than dictionaries are trained to by far. */
const MAX_DICTIONARY_BYTES = 64 * 1024 * 1024;

/** `chunker compress`: each input compressed on its own, one behind the other. */
export async function compress(context: Context, operands: readonly string[], options: CompressOptions): Promise<void> {
  checkDataOutput(context, options);
  const paths = operands.length === 0 ? ['-'] : operands;
  checkReadOnce(options.dictionary, ...paths);
  const { registry } = await openRegistry(context, { specs: { codec: [options.codec] } });
  const codec = await takeCodec(registry, options.codec, await dictionaryOf(options.dictionary, context.signal));
  if (paths.length > 1 && codec.guarantees.concatenable !== true) throw usageError(`${codec.name} holds one input; several cannot stand one behind the other`);
  let inputBytes = 0;
  const expected = expectedBytes(context, paths);
  context.showProgress(() => ({ label: `compress ${codec.name}`, bytes: inputBytes, totalBytes: expected.bytes }));
  const pieces = compressed(context, codec, paths, (bytes) => {
    inputBytes += bytes;
  });
  const outputBytes = await writeData(context, pieces, options);
  if (context.json) await context.document({ algorithm: codec.name, inputBytes, outputBytes });
}

/** The handle for a dictionary file. */
export async function dictionaryOf(path: string | undefined, signal: AbortSignal): Promise<Handles | undefined> {
  return path === undefined ? undefined : { dictionary: await readWhole(path, '--dictionary', MAX_DICTIONARY_BYTES, signal) };
}

async function* compressed(context: Context, codec: Codec, paths: readonly string[], count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const { signal } = context;
  for (const path of paths) yield* codec.compressStream(counted(bytesFrom(path, signal), count), { signal });
}
