import { base64 } from '@chunker/core/encoding';
import type { DigestTable } from './digest-table.js';
import type { Progress } from './engine/job.js';
import { invalidPipeline } from './errors.js';
import type { Manifest, ManifestColumns } from './manifest.js';

/**
 * Where a run stopped, as plain data: `JSON.stringify` and back keeps it whole. A run over the same input that is given it as `resume` goes on behind the last chunk that was delivered, and gives the records that
 * one run would have given there.
 */
export interface Checkpoint {
  readonly version: 1;
  /** First byte behind the chunks that are done: a chunk begins there. */
  readonly offset: number;
  /** The specs that made them; a run that resumes has to have the same. */
  readonly specs: Manifest['specs'];
  /** Counters up to `offset`. */
  readonly progress: Omit<Progress, 'readBytes' | 'doneBytes'>;
  /** With `dedup()` and a table of the run's own: the digests seen so far, one behind the other, base64. */
  readonly digests?: string;
  /** With the setting `manifest`: the rows so far. */
  readonly rows?: ManifestColumns;
}

/** Reads a checkpoint that may come from anywhere, for a pipeline with these specs. Throws `invalid_pipeline`. */
export function checkCheckpoint(value: unknown, specs: Manifest['specs']): Checkpoint {
  const checkpoint = value as Checkpoint;
  if (typeof checkpoint !== 'object' || checkpoint === null || checkpoint.version !== 1) throw invalidPipeline('this is no checkpoint of version 1');
  const { offset, progress, specs: given } = checkpoint;
  if (!isCount(offset)) throw invalidPipeline('the offset of the checkpoint is no number of bytes');
  const counters = [progress?.bytes, progress?.chunks, progress?.uniqueChunks, progress?.uniqueBytes, progress?.compressedBytes];
  if (!counters.every(isCount) || progress.bytes !== offset) throw invalidPipeline('the counters of the checkpoint are not those of its offset');
  if (typeof given !== 'object' || given === null) throw invalidPipeline('the checkpoint names no specs');
  for (const name of ['chunker', 'hash', 'codec'] as const) {
    if (given[name] !== specs[name])
      throw invalidPipeline(`the checkpoint was made with ${name} ${given[name] ?? 'none'}, this pipeline has ${specs[name] ?? 'none'}`);
  }
  return checkpoint;
}

/** The digests of a table as a checkpoint holds them. */
export function encodeDigests(table: DigestTable): string {
  return base64.encode(table.toBytes());
}

/** Puts the digests of a checkpoint into a table. Throws `invalid_pipeline`. */
export function restoreDigests(table: DigestTable, { digests }: Checkpoint): void {
  if (digests === undefined) return;
  let bytes: Uint8Array;
  try {
    bytes = base64.decode(digests);
  } catch (error) {
    throw Object.assign(invalidPipeline('the digests of the checkpoint are no base64'), { cause: error });
  }
  if (bytes.length % table.digestLength !== 0) throw invalidPipeline(`the digests of the checkpoint are not of ${table.digestLength} bytes each`);
  for (let at = 0; at < bytes.length; at += table.digestLength) table.add(bytes, at);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
