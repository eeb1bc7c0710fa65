import { stageError } from '../errors.js';
import type { BatchWork, Job } from './job.js';
import { PRIORITY } from './priorities.js';

/** Digests of a batch's chunks, by one call. */
export async function hash(job: Job, batch: BatchWork, signal: AbortSignal): Promise<void> {
  if (job.hash === undefined) return;
  try {
    batch.columns.digests = await job.hash.hashMany({ buffer: batch.data, ranges: { lengths: batch.columns.lengths } }, { signal, priority: PRIORITY.hash });
  } catch (error) {
    throw stageError('hash', batch.columns.start, error, job.hash.name);
  }
}

/** Marks the chunks that came before. Batches must come in the input's order, so that the first of equal chunks is the unique one. */
export function markDuplicates(job: Job, batch: BatchWork): void {
  const { digests, lengths } = batch.columns;
  if (job.dedup === undefined || digests === undefined) return;
  const duplicates = new Uint8Array(lengths.length);
  const before = job.dedup.bytes;
  for (let i = 0; i < lengths.length; i++) if (!job.dedup.add(digests, i * job.dedup.digestLength)) duplicates[i] = 1;
  batch.columns.duplicates = duplicates;
  if (job.ownsTable) growBy(job, job.dedup.bytes - before, batch.columns.start);
}

function growBy(job: Job, bytes: number, offset: number): void {
  try {
    if (bytes > 0) job.reservation.grow(bytes);
  } catch (error) {
    throw stageError('hash', offset, error, job.hash?.name);
  }
}
