import type { ChunkRecord, PipelineRun } from '@chunker/pipeline';
import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { configure } from '@chunker/core';
import { lowbits } from './algorithms.js';

/** A record as plain data that can be compared. */
export interface PlainRecord {
  readonly offset: number;
  readonly length: number;
  readonly hash?: string;
  readonly duplicate?: boolean;
  readonly codec?: string;
  readonly compressedLength?: number;
  readonly payload?: string;
}

export function plain(record: ChunkRecord): PlainRecord {
  const { offset, length, hash, duplicate, codec, compressedLength, payload } = record;
  return {
    offset,
    length,
    ...(hash === undefined ? {} : { hash: Buffer.from(hash).toString('hex') }),
    ...(duplicate === undefined ? {} : { duplicate }),
    ...(codec === undefined ? {} : { codec }),
    ...(compressedLength === undefined ? {} : { compressedLength }),
    ...(payload === undefined ? {} : { payload: Buffer.from(payload).toString('hex') }),
  };
}

export async function collect(run: PipelineRun): Promise<PlainRecord[]> {
  const records: PlainRecord[] = [];
  for await (const record of run) records.push(plain(record));
  return records;
}

/** What a pipeline of lowbits, sha1 and flate must give, one chunk after the other and without any pipeline. */
export async function expected(data: Uint8Array, options: { min: number; max: number; bits: number }, dedup: boolean): Promise<PlainRecord[]> {
  const chunker = await configure(lowbits, options);
  const seen = new Set<string>();
  return [...(await chunker.chunk(data, { payload: 'view' }))].map(({ offset, length, payload }) => {
    const hash = createHash('sha1')
      .update(payload as Uint8Array)
      .digest('hex');
    const duplicate = seen.has(hash);
    seen.add(hash);
    const compressed = deflateRawSync(payload as Uint8Array, { level: 1 });
    const stored = dedup && duplicate ? {} : { codec: 'flate', compressedLength: compressed.length, payload: compressed.toString('hex') };
    return { offset, length, hash, ...(dedup ? { duplicate } : {}), ...stored };
  });
}
