import { Readable, Writable } from 'node:stream';
import { pipeline as join } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { defineCodec, Registry } from '@chunker/core';
import { type ChunkRecord, type PipelineRun, pipeline, type RunProgress } from '@chunker/pipeline';
import { lowbits, registry, sampleBytes } from './algorithms.js';

const SIZES = { min: 500, max: 9000, bits: 8 };
const SMALL = { windowBytes: 65_536, payload: 'view' } as const;
const data = sampleBytes(600_000);
const line = pipeline(registry).chunk('lowbits', SIZES).hash('sha1');

/** Bytes for ever, counting what was pulled, and telling when it was told to stop. */
function endless() {
  const source = {
    pulled: 0,
    ended: false,
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false as const, value: sampleBytes(65_536, ++source.pulled) }),
      return: async () => {
        source.ended = true;
        return { done: true as const, value: undefined };
      },
    }),
  };
  return source;
}

const stuck = () => {
  const source = {
    ended: false,
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: async () => {
        source.ended = true;
        return { done: true as const, value: undefined };
      },
    }),
  };
  return source;
};

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece.slice());
  return Buffer.concat(all);
}

describe('a run as a stream', () => {
  it('gives the same records to Web and Node, with payloads that stay', async () => {
    const expected: { offset: number; length: number; payload: string }[] = [];
    for await (const { offset, length, payload } of line.run(data, SMALL)) {
      expected.push({ offset, length, payload: Buffer.from(payload as Uint8Array).toString('hex') });
    }
    const web: ChunkRecord[] = [];
    for await (const record of line.run(data, SMALL).toWeb() as unknown as AsyncIterable<ChunkRecord>) web.push(record);
    const node: ChunkRecord[] = await line.run(data, SMALL).toNode().toArray();
    for (const records of [web, node]) {
      const plain = records.map(({ offset, length, payload }) => ({ offset, length, payload: Buffer.from(payload as Uint8Array).toString('hex') }));
      expect(plain).toEqual(expected);
    }
  });

  it('gives payloads alone: the input again, or what was compressed', async () => {
    expect((await bytesOf(line.run(data, SMALL).payloads())).equals(data)).toBe(true);
    expect((await bytesOf(line.run(data, SMALL).payloads().toNode())).equals(data)).toBe(true);
    expect((await bytesOf(line.run(data, SMALL).payloads().toWeb() as unknown as AsyncIterable<Uint8Array>)).equals(data)).toBe(true);
    const compressed = line.compress('flate');
    const { compressedBytes } = await compressed.run(data).summary();
    expect((await bytesOf(compressed.run(data, SMALL).payloads().toNode())).length).toBe(compressedBytes);
    expect(() => line.run(data).payloads()).toThrow(expect.objectContaining({ code: 'invalid_pipeline' }));
  });

  it('waits for a slow reader', async () => {
    const source = endless();
    const slow = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => void setTimeout(done, 2),
    });
    const running = line
      .run(source, { ...SMALL, queue: 2 })
      .payloads()
      .toNode();
    const joined = join(running, slow).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 60));
    // A window of 64 KiB is some hundred chunks: thirty were written at most, so the first windows are not through.
    expect(source.pulled).toBeLessThanOrEqual(6);
    running.destroy();
    await joined;
    expect(source.ended).toBe(true);
  });

  it.each([
    ['endless', endless],
    ['stuck', stuck],
  ])('that is ended early lets go of a source that is %s', async (_, make) => {
    const web = make();
    const reader = line.run(web, SMALL).toWeb().getReader();
    const waiting = reader.read().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 10));
    await reader.cancel();
    await waiting;
    expect(web.ended).toBe(true);
    const node = make();
    const readable: Readable = line.run(node, SMALL).toNode();
    readable.resume();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => readable.once('close', resolve).destroy());
    expect(node.ended).toBe(true);
  });

  it('fails with the error of the run, and with the reason of an abort', async () => {
    const failing = () => line.run(['no bytes'] as never, SMALL);
    await expect(failing().toNode().toArray()).rejects.toMatchObject({ code: 'stage_failed' });
    await expect(failing().toWeb().getReader().read()).rejects.toMatchObject({ code: 'stage_failed' });
    const controller = new AbortController();
    const reason = new Error('enough');
    const reading = line
      .run(stuck(), { ...SMALL, signal: controller.signal })
      .toNode()
      .toArray();
    setTimeout(() => controller.abort(reason), 5);
    await expect(reading).rejects.toBe(reason);
  });
});

describe('progress', () => {
  it('is told ten times a second at most, with rate and time left, and at the end', async () => {
    const told: (RunProgress & { at: number })[] = [];
    async function* slowly() {
      for (let i = 0; i < 8; i++) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        yield data.subarray(i * 65_536, (i + 1) * 65_536);
      }
    }
    const iterator = slowly();
    const source = {
      size: 8 * 65_536,
      async fill(target: Uint8Array) {
        const { done, value } = await iterator.next();
        if (done === true) return 0;
        target.set(value);
        return value.length;
      },
      close: async () => {},
    };
    // When it was told, by the run's own clock: this one may be looked at later.
    let at = 0;
    const stop = registry.events.on((event) => {
      if (event.type === 'bytes' && event.kind === 'pipeline') at = event.at;
    });
    await line.run(source, { windowBytes: 65_536, onProgress: (progress) => told.push({ ...progress, at }) }).summary();
    stop();
    expect(told.length).toBeGreaterThan(2);
    const during = told.slice(0, -1);
    for (let i = 1; i < during.length; i++) expect((during[i]?.at as number) - (during[i - 1]?.at as number)).toBeGreaterThanOrEqual(100);
    for (const { bytes, totalBytes, bytesPerSecond, secondsLeft } of during) {
      expect(totalBytes).toBe(524_288);
      expect(bytesPerSecond).toBeGreaterThan(0);
      expect(secondsLeft).toBeCloseTo((524_288 - bytes) / bytesPerSecond, 6);
    }
    expect(told.at(-1)).toMatchObject({ bytes: 524_288, totalBytes: 524_288 });
  });

  it('grows with each chunk of a slow codec, long before its window is done, and tells what was read beside it', async () => {
    const told: (RunProgress & { delivered: number })[] = [];
    const sleepy = defineCodec({
      name: 'sleepy',
      async compress(bytes) {
        const copy = bytes.slice();
        await new Promise((resolve) => setTimeout(resolve, 120));
        return copy;
      },
      decompress: (bytes) => bytes.slice(),
    });
    const slowly = pipeline(Registry.of(lowbits, sleepy)).chunk('lowbits', { min: 70_000, max: 90_000, bits: 12 }).compress('sleepy');
    const run: PipelineRun = slowly.run(data, { mode: 'sequential', onProgress: (now) => told.push({ ...now, delivered: run.progress.bytes }) });
    await run.summary();
    const during = told.filter(({ delivered }) => delivered === 0);
    expect(during.length).toBeGreaterThan(3);
    expect(during.every(({ bytes, readBytes }) => bytes > 0 && readBytes === data.length)).toBe(true);
    for (let i = 1; i < told.length; i++) expect(told[i]?.bytes).toBeGreaterThanOrEqual(told[i - 1]?.bytes as number);
    expect(during[0]?.bytes).toBeLessThan(200_000);
    expect(told.at(-1)).toMatchObject({ bytes: data.length, readBytes: data.length, totalBytes: data.length });
    expect(run.progress).toMatchObject({ bytes: data.length, doneBytes: data.length, readBytes: data.length });
  });

  it('has no total where the source knows none, and ends the run when the listener throws', async () => {
    const told: RunProgress[] = [];
    await line.run(Readable.from([data]), { onProgress: (progress) => told.push(progress) }).summary();
    expect(told.at(-1)?.bytes).toBe(600_000);
    const error = new Error('the listener is broken');
    const throwing = () => {
      throw error;
    };
    await expect(line.run(data, { onProgress: throwing }).summary()).rejects.toBe(error);
  });
});
