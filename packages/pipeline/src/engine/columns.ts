import type { BatchWork, Job } from './job.js';

/** Makes the columns that the compressing stage fills. */
export function prepareColumns(job: Job, batch: BatchWork): void {
  const { columns } = batch;
  const compresses = job.codec !== undefined || job.chooser !== undefined;
  if (compresses) columns.compressedLengths = new Uint32Array(columns.lengths.length);
  if (job.chooser !== undefined) columns.codecs = new Uint16Array(columns.lengths.length);
  if (job.settings.payload === 'none') return;
  columns.payloads = !compresses ? batch.chunks() : new Array(columns.lengths.length).fill(undefined);
}

/** So many bytes more of a batch went through all stages. */
export function countDone(job: Job, batch: BatchWork, bytes: number): void {
  batch.doneBytes += bytes;
  job.progress.doneBytes += bytes;
  job.onDone();
}

/** Adds a finished batch to the counters. */
export function count(job: Job, batch: BatchWork): void {
  const { lengths, duplicates, compressedLengths } = batch.columns;
  const { progress } = job;
  progress.bytes += batch.data.length;
  progress.chunks += lengths.length;
  for (let i = 0; i < lengths.length; i++) {
    if (duplicates?.[i] === 1) continue;
    progress.uniqueChunks += 1;
    progress.uniqueBytes += lengths[i] as number;
    if (compressedLengths !== undefined) progress.compressedBytes += compressedLengths[i] as number;
  }
  countDone(job, batch, batch.data.length - batch.doneBytes);
}
