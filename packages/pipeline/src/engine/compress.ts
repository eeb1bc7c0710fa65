import { type Codec, ChunkerError, isChunkerError } from '@chunker/core';
import { stageError } from '../errors.js';
import type { OutputSpace } from '../output-arena.js';
import { nextTurn } from '../sources/memory.js';
import type { Rung, Rungs } from '../strategy/rungs.js';
import { countDone } from './columns.js';
import type { BatchWork, Job } from './job.js';

/** Chunks below this are compressed several to a job: handing over a job costs about as much as compressing 4 KiB. */
const SMALL_BYTES = 64 * 1024;
/** Bytes of small chunks in one job. */
const GROUP_BYTES = 256 * 1024;
/** The most that one turn of the event loop compares. */
const COMPARE_BYTES = 1024 * 1024;

/** Chunks `from`..`to` of a batch that are compressed by one job; `at` is the offset of the first in the batch's data. */
export interface Group {
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly bytes: number;
}

/** The chunks to compress: each on its own, small neighbours of one codec together. Duplicates and what is stored are left out. */
export function* groups(batch: BatchWork, chosen: boolean): Generator<Group> {
  const { lengths, duplicates } = batch.columns;
  let from = 0;
  let at = 0;
  let bytes = 0;
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i] as number;
    const skip = duplicates?.[i] === 1 || (chosen && batch.rungs[i] === undefined);
    if (bytes > 0 && (skip || (chosen && batch.rungs[i] !== batch.rungs[from]) || length >= SMALL_BYTES || bytes >= GROUP_BYTES)) {
      yield { from, to: i, at, bytes };
      at += bytes;
      bytes = 0;
    }
    if (bytes === 0) from = i;
    if (skip) at += length;
    else bytes += length;
    if (length >= SMALL_BYTES && bytes > 0) {
      yield { from, to: i + 1, at, bytes };
      at += bytes;
      bytes = 0;
    }
  }
  if (bytes > 0) yield { from, to: lengths.length, at, bytes };
}

/** With a strategy: says who compresses each chunk of a batch. To be called in the order of the batches. */
export async function choose(job: Job, batch: BatchWork): Promise<void> {
  try {
    await job.chooser?.plan(batch);
  } catch (error) {
    throw stageError('compress', batch.columns.start, error);
  }
}

/** Compresses a group, verifies it where asked, and writes lengths and payloads to the batch's columns. */
export async function compressGroup(job: Job, batch: BatchWork, group: Group, signal: AbortSignal): Promise<void> {
  const offset = batch.columns.start + group.at;
  let name: string | undefined;
  try {
    const rung = job.rung ?? (await (batch.rungs[group.from] as Rungs).current());
    name = rung.codec.name;
    if (group.to - group.from > 1) await compressTogether(rung, job, batch, group, signal);
    else await compressOne(rung, job, batch, group, signal);
  } catch (error) {
    throw stageError('compress', offset, error, name);
  }
  countDone(job, batch, group.bytes);
}

async function compressOne(rung: Rung, job: Job, batch: BatchWork, group: Group, signal: AbortSignal): Promise<void> {
  const data = batch.data.subarray(group.at, group.at + group.bytes);
  const started = performance.now();
  const { result, space } = await compressInSlab(rung.codec, job, data, signal);
  rung.took(performance.now() - started);
  try {
    await settle(rung, job, batch, group.from, data, result, signal);
  } finally {
    if (space !== undefined) {
      if (batch.columns.payloads === undefined) space.release();
      else batch.keep(space);
    }
  }
}

async function compressTogether(rung: Rung, job: Job, batch: BatchWork, group: Group, signal: AbortSignal): Promise<void> {
  const { codec } = rung;
  const lengths = batch.columns.lengths.subarray(group.from, group.to);
  const buffer = batch.data.subarray(group.at, group.at + group.bytes);
  const started = performance.now();
  const results = await codec.compressMany({ buffer, ranges: { lengths } }, { signal, reservation: job.reservation });
  rung.took((performance.now() - started) / lengths.length);
  let at = 0;
  for (let i = 0; i < lengths.length; i++) {
    const data = buffer.subarray(at, at + (lengths[i] as number));
    at += data.length;
    const error = results.errors.get(i);
    if (error !== undefined) throw stageError('compress', batch.columns.start + group.at + at - data.length, error, codec.name);
    await settle(rung, job, batch, group.from + i, data, results.at(i), signal);
  }
}

/** Into reused memory where the codec tells a bound; else, or where the bound was wrong, into memory of its own. */
async function compressInSlab(codec: Codec, job: Job, data: Uint8Array, signal: AbortSignal): Promise<{ result: Uint8Array; space?: OutputSpace }> {
  const bound = codec.compressBound(data.length);
  if (!Number.isSafeInteger(bound) || bound > 2 * data.length + SMALL_BYTES)
    return { result: await codec.compress(data, { signal, reservation: job.reservation }) };
  const space = job.outputs.take(bound);
  try {
    const bytes = await codec.compressInto(data, space.bytes, { signal, reservation: job.reservation });
    return { result: space.bytes.subarray(0, bytes), space };
  } catch (error) {
    space.release();
    if (isChunkerError(error, 'output_too_small')) return { result: await codec.compress(data, { signal, reservation: job.reservation }) };
    throw error;
  }
}

async function settle({ codec, index }: Rung, job: Job, batch: BatchWork, i: number, data: Uint8Array, result: Uint8Array, signal: AbortSignal): Promise<void> {
  const { columns } = batch;
  if (job.chooser?.isWorth(result.length, data.length) === false) return batch.store(i, data);
  if (columns.codecs !== undefined) columns.codecs[i] = index;
  (columns.compressedLengths as Uint32Array)[i] = result.length;
  if (columns.payloads !== undefined) columns.payloads[i] = result;
  if (!job.verify) return;
  const offset = columns.start + (data.byteOffset - batch.data.byteOffset);
  try {
    await verify(codec, job, data, result, signal);
  } catch (error) {
    throw stageError('verify', offset, error, codec.name);
  }
}

/** Decompresses `compressed` and compares it with the bytes it came from. */
async function verify(codec: Codec, job: Job, data: Uint8Array, compressed: Uint8Array, signal: AbortSignal): Promise<void> {
  const space = job.outputs.take(data.length);
  try {
    const bytes = await codec.decompressInto(compressed, space.bytes, { signal, reservation: job.reservation });
    if (bytes !== data.length || !(await equal(data, space.bytes))) {
      throw new ChunkerError('corrupt_data', { algorithm: codec.name, operation: 'verify', reason: 'decompressing gave other bytes than were compressed' });
    }
  } finally {
    space.release();
  }
}

async function equal(a: Uint8Array, b: Uint8Array): Promise<boolean> {
  for (let from = 0; from < a.length; from += COMPARE_BYTES) {
    if (from > 0) await nextTurn();
    if (!equalNow(a.subarray(from, from + COMPARE_BYTES), b.subarray(from, from + COMPARE_BYTES))) return false;
  }
  return true;
}

const equalNow: (a: Uint8Array, b: Uint8Array) => boolean =
  typeof Buffer === 'function' ? (a, b) => Buffer.compare(a, b) === 0 : (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
