import type { BatchWork, Job } from './job.js';

/** Makes the columns that the compressing stage fills. */
export function prepareColumns(job: Job, batch: BatchWork): void {
  const { columns } = batch;
  if (job.codec !== undefined) columns.compressedLengths = new Uint32Array(columns.lengths.length);
  if (job.settings.payload === 'none') return;
  columns.payloads = job.codec === undefined ? inputs(batch) : new Array(columns.lengths.length).fill(undefined);
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
}

function inputs(batch: BatchWork): Uint8Array[] {
  const views: Uint8Array[] = [];
  let at = 0;
  for (const length of batch.columns.lengths) {
    views.push(batch.data.subarray(at, at + length));
    at += length;
  }
  return views;
}
