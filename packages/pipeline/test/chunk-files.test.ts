import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineHash, Registry } from '@chunker/core';
import { type ChunkedFile, chunkFiles, type FailedFile, type FileRecords, type FilesProgress, pipeline } from '@chunker/pipeline';
import { registry, sampleBytes } from './algorithms.js';
import { plain } from './records.js';

const SIZES = { min: 500, max: 9000, bits: 8 };
const COUNT = 150;

let folder: string;
const paths: string[] = [];
const contents: Uint8Array[] = [];
const openFiles = () => readdirSync('/proc/self/fd').length;
const line = () => pipeline(registry).chunk('lowbits', SIZES).hash('sha1').compress('flate');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chunker-files-'));
  for (let i = 0; i < COUNT; i++) {
    // Some empty, some of a few bytes, some beyond a window, every tenth like the one before.
    const data = i % 10 === 9 ? (contents[i - 1] as Uint8Array) : sampleBytes(i % 7 === 0 ? 0 : i % 5 === 0 ? 200_000 + i : 100 * i, i + 1);
    contents.push(data);
    paths.push(join(folder, `file-${i}`));
    await writeFile(paths[i] as string, data);
  }
  await mkdir(join(folder, 'directory'));
});
afterAll(() => rm(folder, { recursive: true }));

type Result = FileRecords | ChunkedFile | FailedFile;

/** How files ended. */
async function all(results: AsyncIterable<Result>): Promise<(ChunkedFile | FailedFile)[]> {
  const ended: (ChunkedFile | FailedFile)[] = [];
  for await (const result of results) if (!('batch' in result)) ended.push(result);
  return ended;
}

describe('a batch of files', () => {
  it('gives of each file what a run of its own gives', async () => {
    const records = paths.map((): ReturnType<typeof plain>[] => []);
    const done: ChunkedFile[] = [];
    for await (const result of chunkFiles(line(), paths, { windowBytes: 65_536, payload: 'copy' })) {
      if ('error' in result) throw result.error;
      expect(result.path).toBe(paths[result.index]);
      if ('batch' in result) {
        // Nothing comes behind the end of a file.
        expect(done.some(({ index }) => index === result.index)).toBe(false);
        records[result.index]?.push(...[...result.batch].map(plain));
      } else done.push(result);
    }
    expect(done.map(({ index }) => index).sort((a, b) => a - b)).toEqual(paths.map((_, i) => i));
    for (const { index, summary } of done) {
      const alone = [];
      for await (const record of line().run(contents[index] as Uint8Array, { payload: 'copy' })) alone.push(plain(record));
      expect(records[index]).toEqual(alone);
      expect(summary.bytes).toBe((contents[index] as Uint8Array).length);
    }
  });

  it.each(['view', 'copy'] as const)('holds no more of a large file than its windows: payload %s', async (payload) => {
    const large = join(folder, 'large');
    await writeFile(large, '');
    await truncate(large, 48 * 1024 * 1024);
    let hashed = 0;
    const counted = defineHash({
      name: 'counted',
      digestLength: 4,
      hash: (data: Uint8Array) => {
        hashed += data.length;
        return new Uint8Array(4);
      },
    });
    const windowBytes = 1024 * 1024;
    let pulled = 0;
    let before: Uint8Array | undefined;
    for await (const result of chunkFiles(pipeline(Registry.of(counted)).hash('counted'), [large], { payload, windowBytes })) {
      // Who waits long enough sees as much read ahead as ever will be.
      await new Promise((resolve) => setTimeout(resolve, 10));
      if ('error' in result) throw result.error;
      if ('summary' in result) continue;
      const [record] = [...result.batch];
      expect(record?.payload?.length).toBe(windowBytes);
      expect(before?.length ?? 0).toBe(payload === 'view' || pulled === 0 ? 0 : windowBytes);
      before = record?.payload;
      pulled += windowBytes;
      expect(hashed - pulled).toBeLessThanOrEqual(4 * windowBytes);
    }
    expect(pulled).toBe(48 * 1024 * 1024);
  });

  it('reports files that fail and goes on with the rest', async () => {
    const list = [paths[1], join(folder, 'absent'), join(folder, 'directory'), paths[2]] as string[];
    const before = openFiles();
    const results = (await all(chunkFiles(line(), list))).sort((a, b) => a.index - b.index);
    expect(results.map((file) => ('error' in file ? (file.error as { cause: { code: string } }).cause.code : 'done'))).toEqual([
      'done',
      'not_found',
      'is_directory',
      'done',
    ]);
    expect(openFiles()).toBeLessThanOrEqual(before);
  });

  it('knows chunks of any file before, with dedup', async () => {
    const results = await all(chunkFiles(line().dedup(), paths, { concurrency: 1 }));
    const unique = results.reduce((sum, file) => sum + ('error' in file ? 0 : file.summary.uniqueChunks), 0);
    const digests = new Set<string>();
    for (const data of contents) for await (const { hash } of line().run(data)) digests.add(Buffer.from(hash as Uint8Array).toString('hex'));
    expect(unique).toBe(digests.size);
    const side = await all(chunkFiles(line().dedup(), paths));
    expect(side.reduce((sum, file) => sum + ('error' in file ? 0 : file.summary.uniqueChunks), 0)).toBe(digests.size);
  });

  it('tells how far it is', async () => {
    const told: FilesProgress[] = [];
    await all(chunkFiles(line(), [...paths, join(folder, 'absent')], { onProgress: (progress) => told.push(progress) }));
    const bytes = contents.reduce((sum, { length }) => sum + length, 0);
    expect(told.at(-1)).toMatchObject({ files: COUNT + 1, failed: 1, totalFiles: COUNT + 1, bytes });
    expect(told.every(({ elapsedMs }, i) => elapsedMs >= (told[i - 1]?.elapsedMs ?? 0) + (i === 0 || i === told.length - 1 ? 0 : 99))).toBe(true);
  });

  it('begins no more files than it has room for, and stops when nobody pulls', async () => {
    let asked = 0;
    function* endless() {
      for (;;) {
        asked += 1;
        yield paths[asked % COUNT] as string;
      }
    }
    const before = openFiles();
    let seen = 0;
    for await (const result of chunkFiles(line(), endless(), { concurrency: 3 })) {
      if (!('batch' in result)) seen += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(asked).toBeLessThanOrEqual(seen + 4);
      if (seen === 20) break;
    }
    expect(openFiles()).toBeLessThanOrEqual(before);
  });

  it('gives each file as it is done, a long one before it or not', async () => {
    const list = [paths[145], ...Array.from({ length: 20 }, (_, i) => paths[(i % 3) + 1])] as string[];
    const order = (await all(chunkFiles(pipeline(registry).chunk('lowbits', SIZES).compress('slow'), list, { concurrency: 2 }))).map(({ index }) => index);
    expect(order.indexOf(0)).toBeGreaterThan(0);
  });

  it('ends with the reason of an abort, with what the list throws, and at once where an algorithm is unknown', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const aborted = (async () => {
      for await (const _ of chunkFiles(line(), paths, { signal: controller.signal })) controller.abort(reason);
    })();
    await expect(aborted).rejects.toBe(reason);
    const broken = new Error('the list is gone');
    function* list() {
      yield paths[1] as string;
      throw broken;
    }
    await expect(all(chunkFiles(line(), list()))).rejects.toBe(broken);
    await expect(all(chunkFiles(pipeline(registry).hash('unknown' as string), paths))).rejects.toMatchObject({ code: 'algorithm_unknown' });
  });

  it('has the digests that other tools take', async () => {
    const [file] = await all(chunkFiles(pipeline(registry).digest('sha1'), [paths[11] as string]));
    expect(Buffer.from((file as ChunkedFile).summary.digests[0] as Uint8Array).toString('hex')).toBe(
      createHash('sha1')
        .update(contents[11] as Uint8Array)
        .digest('hex'),
    );
  });
});
