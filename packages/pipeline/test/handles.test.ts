import { appendFile, mkdtemp, open, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type FileHandleLike, pipeline } from '@chunker/pipeline';
import { registry, sampleBytes } from './algorithms.js';
import { collect, expected } from './records.js';

const SIZES = { min: 500, max: 9000, bits: 8 };
const WINDOW = 65_536;
const data = sampleBytes(400_000);
const line = pipeline(registry).chunk('lowbits', SIZES).hash('sha1').compress('flate');
const folder = await mkdtemp(join(tmpdir(), 'chunker-handles-'));
afterAll(() => rm(folder, { recursive: true }));
const file = join(folder, 'data');
beforeEach(() => writeFile(file, data));

/** The records of a handle's file; `before` is called before each of its reads. */
async function recordsOf(before: (reads: number) => unknown) {
  const handle = await open(file);
  let reads = 0;
  const watched: FileHandleLike = {
    fd: handle.fd,
    stat: (options) => handle.stat(options),
    read: async (buffer, offset, length, position) => {
      await before(reads++);
      return handle.read(buffer, offset, length, position);
    },
  };
  try {
    return await collect(line.run(watched, { windowBytes: WINDOW, payload: 'copy' }));
  } finally {
    await handle.close();
  }
}

const failing = (code: string) => Object.assign(new Error(code), { code });

describe('a file handle', () => {
  it.each(['EINTR', 'EAGAIN', 'EMFILE', 'ENFILE'])('whose reads fail with %s for a moment is read again', async (code) => {
    const right = await expected(data, SIZES, false);
    for (const at of [0, 3, 6]) {
      const records = await recordsOf((reads) => {
        if (reads >= at && reads < at + 3) throw failing(code);
      });
      expect(records.map(({ offset, length }) => ({ offset, length }))).toEqual(right.map(({ offset, length }) => ({ offset, length })));
    }
  });

  it('whose Nth read fails names the stage and the offset', async () => {
    let total = 0;
    await recordsOf((reads) => {
      total = reads + 1;
    });
    for (let at = 0; at < total; at++) {
      const reading = recordsOf((reads) => {
        if (reads === at) throw failing('EIO');
      });
      const offset = Math.min(at * WINDOW, Math.floor(data.length / WINDOW) * WINDOW);
      await expect(reading).rejects.toMatchObject({ code: 'stage_failed', details: { stage: 'read', offset }, cause: { code: 'EIO' } });
    }
  });

  it.each([
    ['grows', () => appendFile(file, 'more')],
    ['shrinks', () => truncate(file, 300_000)],
    ['is rewritten', () => writeFile(file, data.slice().reverse())],
    ['is touched', () => utimes(file, 1, 1)],
  ])('whose file %s meanwhile is reported', async (_, change) => {
    const reading = recordsOf((reads) => (reads === 2 ? change() : undefined));
    await expect(reading).rejects.toMatchObject({ code: 'stage_failed', details: { stage: 'read' }, cause: { code: 'file_changed' } });
  });
});
