import { readdirSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineCodec, Registry } from '@chunker/core';
import { type PipelineInput, pipeline } from '@chunker/pipeline';
import { lowbits, registry, sampleBytes } from './algorithms.js';
import { collect, expected } from './records.js';

const SIZES = { min: 500, max: 9000, bits: 8 };
const SMALL = { windowBytes: 65_536, payload: 'view' } as const;
const data = sampleBytes(400_000);
const line = pipeline(registry).chunk('lowbits', SIZES).hash('sha1').compress('flate');

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chunker-inputs-'));
  file = join(folder, 'data');
  await writeFile(file, data);
});
afterAll(() => rm(folder, { recursive: true }));

/** An input, and what is to be asked and done when the run has ended: whether it was let go, and closing what is the caller's. */
interface Given {
  readonly input: PipelineInput;
  readonly isReleased?: () => boolean;
  readonly close?: () => Promise<void>;
}

const quarter = (i: number) => data.slice(i * 100_000, (i + 1) * 100_000);

function watched() {
  let released = false;
  async function* pieces() {
    try {
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        yield quarter(i);
      }
    } finally {
      released = true;
    }
  }
  return { pieces, isReleased: () => released };
}

const FORMS: Record<string, () => Given | Promise<Given>> = {
  bytes: () => ({ input: data }),
  'file by path': () => ({ input: { file } }),
  'file by map': () => ({ input: { file, reading: 'mapped' } }),
  'file past the cache': () => ({ input: { file, reading: 'direct' } }),
  'file handle': async () => {
    const handle = await open(file);
    // The caller's handle stays the caller's.
    return { input: handle, isReleased: () => handle.fd > 0, close: () => handle.close() };
  },
  Blob: () => ({ input: new Blob([data as BlobPart]) }),
  array: () => ({ input: [0, 1, 2, 3].map(quarter) }),
  generator: () => {
    const { pieces, isReleased } = watched();
    return { input: pieces(), isReleased };
  },
  'Node Readable': () => {
    const { pieces } = watched();
    const stream = Readable.from(pieces());
    return { input: stream, isReleased: () => stream.destroyed };
  },
  'Web stream': () => {
    let released = false;
    let at = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at === 4) {
          released = true;
          controller.close();
        } else controller.enqueue(quarter(at++));
      },
      cancel: () => {
        released = true;
      },
    });
    return { input: stream, isReleased: () => released };
  },
};

const descriptors = () => readdirSync('/proc/self/fd').length;
const threads = () => readdirSync('/proc/self/task').length;
/** A source that was told to end does so in the next turns; on a busy machine the first of them comes after a timer of some milliseconds. */
const settled = async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe.each(Object.keys(FORMS))('a pipeline over %s', (form) => {
  const make = FORMS[form] as (typeof FORMS)[string];

  it('gives the records of its bytes', async () => {
    const { input, close } = await make();
    expect(await collect(line.run(input, SMALL))).toEqual(await expected(data, SIZES, false));
    await close?.();
  });

  it('lets go of it when the loop is left after any number of records', async () => {
    await collect(line.run(data, SMALL));
    const before = [descriptors(), threads()];
    for (const records of [0, 1, 20, 90]) {
      const { input, isReleased, close } = await make();
      let seen = 0;
      for await (const _ of line.run(input, SMALL)) if (seen++ === records) break;
      await settled();
      expect(isReleased?.() ?? true).toBe(true);
      await close?.();
    }
    expect(descriptors()).toBeLessThanOrEqual(before[0] as number);
    // libuv's pool and the executor start their threads once.
    expect(threads()).toBeLessThanOrEqual((before[1] as number) + 8);
  });

  it('lets go of it when the run is stopped, and when a stage fails', async () => {
    await collect(line.run(data, SMALL));
    const before = descriptors();
    for (const records of [1, 30]) {
      const { input, isReleased, close } = await make();
      const run = line.run(input, SMALL);
      let seen = 0;
      for await (const _ of run) if (++seen === records) run.stop();
      expect(run.checkpoint?.offset ?? data.length).toBe(run.progress.bytes);
      await settled();
      expect(isReleased?.() ?? true).toBe(true);
      await close?.();
    }
    for (const call of [1, 40]) {
      let calls = 0;
      const breaking = defineCodec({
        name: 'breaking',
        compress(bytes) {
          if (++calls === call) throw new Error('broken');
          return bytes.slice();
        },
        decompress: (bytes) => bytes.slice(),
      });
      const { input, isReleased, close } = await make();
      const run = pipeline(Registry.of(lowbits, breaking)).chunk('lowbits', SIZES).compress('breaking').run(input, SMALL);
      await expect(collect(run)).rejects.toMatchObject({ code: 'stage_failed', details: { stage: 'compress', algorithm: 'breaking' } });
      await settled();
      expect(isReleased?.() ?? true).toBe(true);
      await close?.();
    }
    expect(descriptors()).toBeLessThanOrEqual(before);
  });

  it('ends with the reason, whichever await the abort falls into', async () => {
    const reason = new Error('enough');
    let came = 0;
    for (let tick = 0; tick < 400; tick += tick < 60 ? 1 : 17) {
      const { input, isReleased, close } = await make();
      const controller = new AbortController();
      const run = line.run(input, { ...SMALL, signal: controller.signal });
      const running = collect(run).then(
        () => undefined,
        (error: unknown) => error,
      );
      // A microtask, and now and then a turn, so that some aborts fall behind reads that are done.
      for (let i = 0; i < tick; i++) await (i % 8 === 7 ? new Promise((resolve) => setImmediate(resolve)) : undefined);
      controller.abort(reason);
      const error = await running;
      if (error === undefined) came += 1;
      else expect(error).toBe(reason);
      await settled();
      if (error !== undefined && run.progress.readBytes > 0) expect(isReleased?.() ?? true).toBe(true);
      await close?.();
    }
    expect(came).toBeLessThan(80);
  });
});
