import { hex } from '@chunker/core/encoding';
import { pipeline, type RecordBatch } from '@chunker/pipeline';
import { openRegistry, takeChunker, takeHash, takeProfile } from '../algorithms.js';
import type { Context } from '../context.js';
import { usageError, withoutStage } from '../failure.js';
import { inputFor } from '../files.js';

export interface ChunkOptions {
  readonly chunker?: string;
  readonly profile?: string;
  readonly hash: string;
}

const DEFAULT_CHUNKER = 'fastcdc:min=256KiB,avg=1MiB,max=4MiB';

/** `chunker chunk`: a line per chunk, in order, as they are cut. */
export async function chunk(context: Context, operands: readonly string[], options: ChunkOptions): Promise<void> {
  if (operands.length > 1) throw usageError('chunk takes one file');
  if (options.chunker !== undefined && options.profile !== undefined) throw usageError('--chunker and --profile say the same thing twice');
  const hashes = options.hash === 'none' ? [] : [options.hash];
  const { registry } = await openRegistry(
    context,
    options.profile === undefined ? { specs: { chunker: [options.chunker ?? DEFAULT_CHUNKER], hash: hashes } } : {},
  );
  const chunker =
    options.profile === undefined ? await takeChunker(registry, options.chunker ?? DEFAULT_CHUNKER) : await takeProfile(registry, options.profile);
  const cutting = pipeline(registry).chunk(chunker);
  const line = options.hash === 'none' ? cutting : cutting.hash(await takeHash(registry, options.hash));
  const path = operands[0] ?? '-';
  const run = line.run(inputFor(path), { signal: context.signal });
  if (!context.out.isTerminal) context.showProgress(() => ({ label: 'chunk', bytes: run.progress.bytes, totalBytes: run.progress.totalBytes }));
  try {
    for await (const batch of run.batches()) await context.write(context.json ? jsonLines(batch) : columns(batch));
  } catch (error) {
    throw withoutStage(error);
  }
}

function jsonLines(batch: RecordBatch): string {
  let text = '';
  for (const { offset, length, hash } of batch) {
    text += `{"offset":${offset},"length":${length}${hash === undefined ? '' : `,"hash":"${hex.encode(hash)}"`}}\n`;
  }
  return text;
}

/** Offset and length in fixed columns, the digest behind them, whole: at 80 columns it is the line that runs over, not the eye. */
function columns(batch: RecordBatch): string {
  let text = '';
  for (const { offset, length, hash } of batch) {
    text += `${String(offset).padStart(13)}${String(length).padStart(10)}${hash === undefined ? '' : `  ${hex.encode(hash)}`}\n`;
  }
  return text;
}
