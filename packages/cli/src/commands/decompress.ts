import type { DecodeParameters, Registry } from '@chunker/core';
import { openRegistry, takeCodec } from '../algorithms.js';
import type { Context } from '../context.js';
import { checkDataOutput, counted, type DataOptions, writeData } from '../data-output.js';
import { expectedBytes } from '../expected-bytes.js';
import { usageError } from '../failure.js';
import { bytesFrom } from '../files.js';
import { peek } from '../peek.js';
import { parseSize } from '../sizes.js';
import { checkReadOnce } from '../standard-input.js';
import { dictionaryOf } from './compress.js';

export interface DecompressOptions extends DataOptions {
  readonly codec: string;
  readonly dictionary?: string;
  readonly maxOutput?: string;
  readonly maxMemory: string;
  readonly allowTrailing?: boolean;
  readonly test?: boolean;
}

/** What detection looks at. */
const HEAD_BYTES = 4096;

/** `chunker decompress`: to a file in one step, so that what does not check out never stands under its name. */
export async function decompress(context: Context, operands: readonly string[], options: DecompressOptions): Promise<void> {
  if (operands.length > 1) throw usageError('decompress takes one file');
  const path = operands[0] ?? '-';
  checkReadOnce(options.dictionary, path);
  if (options.test !== true) checkDataOutput(context, options);
  const { registry } = await openRegistry(context);
  let inputBytes = 0;
  const expected = expectedBytes(context, [path]);
  context.showProgress(() => ({ label: options.test === true ? 'test' : 'decompress', bytes: inputBytes, totalBytes: expected.bytes }));
  const input = counted(bytesFrom(path, context.signal), (bytes) => {
    inputBytes += bytes;
  });
  const { algorithm, pieces } = await open(registry, input, options, parametersOf(context, options));
  const outputBytes = options.test === true ? await drain(pieces) : await writeData(context, pieces, options);
  if (context.json) return context.document({ algorithm, inputBytes, outputBytes });
}

function parametersOf(context: Context, options: DecompressOptions): DecodeParameters {
  return {
    signal: context.signal,
    maxMemoryBytes: parseSize(options.maxMemory, '--max-memory'),
    ...(options.maxOutput === undefined ? {} : { maxOutputBytes: parseSize(options.maxOutput, '--max-output') }),
    ...(options.allowTrailing === undefined ? {} : { allowTrailing: options.allowTrailing }),
  };
}

/** The codec that was named, or the one that the first bytes tell. */
async function open(
  registry: Registry,
  input: AsyncIterable<Uint8Array>,
  options: DecompressOptions,
  parameters: DecodeParameters,
): Promise<{ readonly algorithm: string; readonly pieces: AsyncIterable<Uint8Array> }> {
  const handles = await dictionaryOf(options.dictionary, parameters.signal as AbortSignal);
  if (options.codec !== 'auto') {
    const codec = await takeCodec(registry, options.codec, handles);
    return { algorithm: codec.name, pieces: codec.decompressStream(input, parameters) };
  }
  const { head, all } = await peek(input, HEAD_BYTES);
  const name = registry.detect(head);
  // Refuses the unknown with the error that says what is registered.
  if (name === undefined) return { algorithm: 'auto', pieces: registry.decompressStreamAuto(all, parameters) };
  const codec = await takeCodec(registry, name, handles);
  return { algorithm: codec.name, pieces: codec.decompressStream(all, parameters) };
}

async function drain(pieces: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const piece of pieces) bytes += piece.length;
  return bytes;
}
