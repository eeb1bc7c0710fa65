import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type PipelineInput, pipeline } from '@chunker/pipeline';
import { registry, sampleBytes } from './algorithms.js';
import { collect } from './records.js';

const SIZES = { min: 500, max: 9000, bits: 8 };
const PIECE = 100_000;
const data = sampleBytes(8 * PIECE);
const line = () => pipeline(registry).chunk('lowbits', SIZES).hash('sha1').compress('flate');

/** Pieces with long pauses between them; counts those that were given. */
function slow(pauseMs: number) {
  const given = { pieces: 0 };
  async function* source() {
    for (let at = 0; at < data.length; at += PIECE) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      given.pieces += 1;
      yield data.subarray(at, at + PIECE);
    }
  }
  return { given, source };
}

const FORMS: Record<string, (source: AsyncGenerator<Uint8Array>) => PipelineInput> = {
  generator: (source) => source,
  'Node stream': (source) => Readable.from(source),
  'Web stream': (source) => (ReadableStream as unknown as { from(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> }).from(source),
};

describe('a slow source', () => {
  it.each(Object.keys(FORMS))('hands on chunks while it makes the next ones (%s), and they are the same', async (form) => {
    const { given, source } = slow(150);
    const seen: { offset: number; pieces: number }[] = [];
    const run = line().run((FORMS[form] as (typeof FORMS)[string])(source()), { payload: 'copy' });
    const records = [];
    for await (const record of run) {
      seen.push({ offset: record.offset, pieces: given.pieces });
      records.push({ offset: record.offset, length: record.length });
    }
    // One window would hold it all: without eagerness nothing would come before the last piece.
    expect(seen[0]).toMatchObject({ offset: 0 });
    expect(seen[0]?.pieces).toBeLessThanOrEqual(2);
    const middle = seen.find(({ offset }) => offset >= 4 * PIECE);
    expect(middle?.pieces).toBeLessThanOrEqual(7);
    expect(records).toEqual((await collect(line().run(data))).map(({ offset, length }) => ({ offset, length })));
  });

  it('does not break windows up where they are the pieces', async () => {
    const { source } = slow(80);
    const lengths = (
      await collect(
        pipeline(registry)
          .hash('sha1')
          .run(source(), { windowBytes: 256 * 1024 }),
      )
    ).map(({ length }) => length);
    expect(lengths).toEqual([262_144, 262_144, 262_144, 13_568]);
  });

  it('that gives nothing is waited for without a timer, before and behind what it gave', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    for (const given of [0, 1000, PIECE]) {
      let go: () => void = () => {};
      const silence = new Promise<void>((resolve) => {
        go = resolve;
      });
      async function* silent() {
        if (given > 0) yield data.subarray(0, given);
        await silence;
      }
      const running = line().run(silent()).summary();
      // Whatever patience there is with what came is over by then.
      await new Promise((resolve) => setTimeout(resolve, 250));
      expect(timers()).toBeLessThanOrEqual(before);
      go();
      expect((await running).bytes).toBe(given);
    }
  });

  it('keeps no timer when it ends, fails or is left', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    async function* failing() {
      yield data.subarray(0, PIECE);
      throw new Error('the wire is cut');
    }
    await expect(line().run(failing()).summary()).rejects.toMatchObject({ code: 'stage_failed' });
    for await (const _ of line().run(slow(60).source())) break;
    await line().run([data]).summary();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(timers()).toBeLessThanOrEqual(before);
  });
});
