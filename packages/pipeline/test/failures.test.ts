import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from '@chunker/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pipeline, type WindowSource } from '@chunker/pipeline';
import { failing, flate, lossy, lowbits, registry, sampleBytes, sha1, slow } from './algorithms.js';

const SMALL = { windowBytes: 65_536, payload: 'view' } as const;
const SIZES = { min: 500, max: 9000, bits: 8 };

let folder: string;
let file: string;
const data = sampleBytes(1_500_000);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chunker-pipeline-'));
  file = join(folder, 'data');
  await writeFile(file, data);
});
afterAll(() => rm(folder, { recursive: true }));

/** Descriptors of this process that show the file. */
function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

/** A source that counts what is done with it, and remembers the memory it was given. */
class Watched implements WindowSource {
  closed = 0;
  filling = 0;
  fills = 0;
  readonly targets: Uint8Array[] = [];
  readonly #failAt: number;
  #at = 0;

  constructor(failAt = Number.POSITIVE_INFINITY) {
    this.#failAt = failAt;
  }

  async fill(target: Uint8Array): Promise<number> {
    this.filling += 1;
    this.fills += 1;
    this.targets.push(target);
    await new Promise((resolve) => setImmediate(resolve));
    this.filling -= 1;
    if (this.#at >= this.#failAt) throw new Error('the disk is gone');
    const piece = data.subarray(this.#at, this.#at + target.length);
    target.set(piece);
    this.#at += piece.length;
    return piece.length;
  }

  async close(): Promise<void> {
    expect(this.filling).toBe(0);
    this.closed += 1;
  }

  /** True when nobody can see the memory any more. */
  get released(): boolean {
    return this.closed === 1 && this.targets.every((target) => target.length === 0);
  }
}

async function failureOf(run: AsyncIterable<unknown>): Promise<unknown> {
  try {
    for await (const _ of run);
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe.each(['parallel', 'sequential'] as const)('a failure (%s)', (mode) => {
  it('of reading names the stage and the offset', async () => {
    const source = new Watched(3 * 65_536);
    const error = await failureOf(
      pipeline(registry)
        .chunk('lowbits')
        .run(source, { ...SMALL, mode }),
    );
    expect(error).toMatchObject({ code: 'stage_failed', details: { stage: 'read', offset: 3 * 65_536 }, cause: { message: 'the disk is gone' } });
    expect(source.released).toBe(true);
  });

  it('of a codec names the stage, the algorithm and the offset of the chunk, and keeps the cause', async () => {
    const chunks = await (await registry.chunker('lowbits', SIZES)).chunk(data, { payload: 'view' });
    const bad = [...chunks][70] as { offset: number; payload: Uint8Array };
    const codec = failing(Buffer.from(bad.payload.subarray(0, 16)).toString('latin1'));
    const source = new Watched();
    const run = pipeline(Registry.of(lowbits, codec))
      .chunk('lowbits', SIZES)
      .compress('failing')
      .run(source, { ...SMALL, mode });
    const error = await failureOf(run);
    expect(error).toMatchObject({ code: 'stage_failed', details: { stage: 'compress', algorithm: 'failing', code: 'plugin_failed' } });
    // The sample repeats itself: an equal chunk may come earlier.
    const { offset } = (error as { details: { offset: number } }).details;
    expect(Buffer.from(data.subarray(offset, offset + 16))).toEqual(Buffer.from(bad.payload.subarray(0, 16)));
    expect(source.released).toBe(true);
  });

  it('of verification is one of the stage verify', async () => {
    const run = pipeline(Registry.of(lowbits, lossy))
      .chunk('lowbits')
      .compress('lossy')
      .verify()
      .run(data, { ...SMALL, mode });
    expect(await failureOf(run)).toMatchObject({ code: 'stage_failed', details: { stage: 'verify', algorithm: 'lossy', code: 'corrupt_data' } });
  });

  it('of an abort rejects with its reason and lets go of everything', async () => {
    const property = fc.asyncProperty(fc.integer({ min: 0, max: 60 }), fc.boolean(), async (records, early) => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const source = new Watched();
      const run = pipeline(registry)
        .chunk('lowbits', SIZES)
        .hash('sha1')
        .compress('slow')
        .run(source, { ...SMALL, mode, signal: controller.signal });
      if (early) setTimeout(() => controller.abort(reason), records);
      let seen = 0;
      const pulling = (async () => {
        for await (const _ of run) if (++seen > records && !early) controller.abort(reason);
      })();
      await expect(pulling).rejects.toBe(reason);
      expect(source.released).toBe(true);
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it('of a source that never answers ends with the abort', async () => {
    const controller = new AbortController();
    const stuck = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const run = pipeline(registry)
      .chunk('lowbits')
      .run(stuck, { ...SMALL, mode, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(run.summary()).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('or leaving the loop leaves no descriptor, no slab and no listener behind', async () => {
    const line = pipeline(registry).chunk('lowbits', SIZES).hash('sha1');
    const compressing = line.compress('slow');
    const once = async (leaveAt: number) => {
      let seen = 0;
      for await (const _ of compressing.run({ file }, { ...SMALL, mode })) if (++seen > leaveAt) break;
      for await (const { payload } of line.run({ file }, { ...SMALL, mode })) if (++seen > 2 * leaveAt) return payload as Uint8Array;
      throw new Error('it came to its end');
    };
    await once(0);
    const before = openFiles();
    for (let i = 0; i < 20; i++) expect((await once(i * 7)).length).toBe(0);
    expect(openFiles()).toBeLessThanOrEqual(before);
  });
});

describe('a pipeline', () => {
  it('stops reading when nobody pulls, and bounds what is in flight', async () => {
    const source = new Watched();
    const iterator = pipeline(registry)
      .chunk('lowbits', SIZES)
      .hash('sha1')
      .run(source, { ...SMALL, queue: 3 })
      .batches();
    await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(source.fills).toBeLessThanOrEqual(3);
    await iterator.return(undefined);
    expect(source.released).toBe(true);
  });

  it('gives views that are right or empty, and copies that stay', async () => {
    const line = pipeline(registry).chunk('lowbits', SIZES);
    const kept: { offset: number; view: Uint8Array; copy: Uint8Array }[] = [];
    for await (const record of line.run(data, SMALL)) {
      kept.push({ offset: record.offset, view: record.payload as Uint8Array, copy: record.copy() as Uint8Array });
      for (const { offset, view } of kept.slice(-40))
        expect(view.length === 0 || Buffer.compare(view, data.subarray(offset, offset + view.length)) === 0).toBe(true);
    }
    expect(kept.every(({ view }) => view.length === 0)).toBe(true);
    expect(Buffer.compare(Buffer.concat(kept.map(({ copy }) => copy)), data)).toBe(0);
  });

  it('does not notice what a caller does to the bytes meanwhile beyond hashing what it cut', async () => {
    const scribbled = data.slice();
    const run = pipeline(Registry.of(lowbits, sha1, slow))
      .chunk('lowbits', SIZES)
      .hash('sha1')
      .compress('slow')
      .run(scribbled, SMALL);
    const hash = await registry.hash('sha1');
    const codec = await registry.codec('slow');
    for await (const record of run) {
      scribbled.fill(record.offset & 255);
      const stored = await codec.decompress(record.payload as Uint8Array);
      expect(Buffer.compare(await hash.hash(stored), record.hash as Uint8Array)).toBe(0);
    }
  });

  it('refuses to hold more than its limit', async () => {
    const run = pipeline(registry).chunk('lowbits').run(data, { bufferLimitBytes: 100_000 });
    await expect(run.summary()).rejects.toMatchObject({ code: 'buffer_limit_exceeded', details: { limit: 100_000 } });
  });

  it('takes its limit from the environment, unless it is told one, and refuses what is no number of bytes', async () => {
    const summary = (settings = {}) => pipeline(registry).chunk('lowbits').run(data, settings).summary();
    vi.stubEnv('CHUNKER_ASYNC_BUFFER_LIMIT_BYTES', '100000');
    await expect(summary()).rejects.toMatchObject({ code: 'buffer_limit_exceeded', details: { limit: 100_000, attempted: expect.any(Number) } });
    expect((await summary({ bufferLimitBytes: 100_000_000 })).bytes).toBe(data.length);
    for (const wrong of ['lots', '0', '-1']) {
      vi.stubEnv('CHUNKER_ASYNC_BUFFER_LIMIT_BYTES', wrong);
      await expect(summary()).rejects.toMatchObject({ code: 'invalid_input', details: { name: 'CHUNKER_ASYNC_BUFFER_LIMIT_BYTES' } });
    }
    vi.unstubAllEnvs();
  });

  it.each([
    ['dedup without a hash', () => pipeline(registry).chunk('lowbits').dedup().run(data).summary(), 'invalid_pipeline'],
    ['a queue of one', () => pipeline(registry).run(data, { queue: 1 }).summary(), 'invalid_input'],
    [
      'a number as input',
      () =>
        pipeline(registry)
          .run(7 as never)
          .summary(),
      'stage_failed',
    ],
    [
      'an unknown chunker',
      () =>
        pipeline(registry)
          .chunk('nothing' as never)
          .run(data)
          .summary(),
      'algorithm_unknown',
    ],
    [
      'items that are no bytes',
      () =>
        pipeline(registry)
          .run(['text'] as never)
          .summary(),
      'stage_failed',
    ],
    [
      'a file that is not there',
      () =>
        pipeline(registry)
          .run({ file: join(folder, 'no') })
          .summary(),
      'stage_failed',
    ],
  ])('refuses %s', async (_, attempt, code) => {
    await expect(attempt()).rejects.toMatchObject({ code });
  });

  it('is read once', async () => {
    const run = pipeline(registry).run(data);
    await run.summary();
    await expect(run.batches().next()).rejects.toMatchObject({ code: 'invalid_pipeline' });
    expect(flate.name).toBe('flate');
  });
});
