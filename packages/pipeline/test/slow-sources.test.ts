import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type PipelineInput, pipeline } from '@chunker/pipeline';
import { registry, sampleBytes } from './algorithms.js';
import { collect } from './records.js';

const SIZES = { min: 500, max: 9000, bits: 8 };
const PIECE = 100_000;
const data = sampleBytes(8 * PIECE);
const line = () => pipeline(registry).chunk('lowbits', SIZES).hash('sha1').compress('flate');

/** Pieces with pauses between them, each as long as `pause` of its offset takes. */
async function* slow(pause: (at: number) => Promise<unknown>) {
  for (let at = 0; at < data.length; at += PIECE) {
    await pause(at);
    yield data.subarray(at, at + PIECE);
  }
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

/** Waits until there are no more timers than that, however long a busy machine takes. */
async function noMoreThan(before: number): Promise<void> {
  for (let i = 0; i < 1000 && timers() > before; i++) await wait(50);
  expect(timers()).toBeLessThanOrEqual(before);
}

const FORMS: Record<string, (source: AsyncGenerator<Uint8Array>) => PipelineInput> = {
  generator: (source) => source,
  'Node stream': (source) => Readable.from(source),
  'Web stream': (source) => (ReadableStream as unknown as { from(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> }).from(source),
};

describe('a slow source', () => {
  it.each(Object.keys(FORMS))('hands on chunks while it makes the next ones (%s), and they are the same', async (form) => {
    let delivered = 0;
    // One window would hold it all. Here no piece comes before the chunks of those before it have come out, but for what a chunker looks ahead: without eagerness nothing would ever come.
    const source = slow(async (at) => {
      while (delivered < at - 2 * SIZES.max) await wait(5);
    });
    const records = [];
    for await (const { offset, length } of line().run((FORMS[form] as (typeof FORMS)[string])(source), { payload: 'copy' })) {
      delivered = offset + length;
      records.push({ offset, length });
    }
    expect(records).toEqual((await collect(line().run(data))).map(({ offset, length }) => ({ offset, length })));
  });

  it('does not break windows up where they are the pieces', async () => {
    const source = slow(() => wait(80));
    const lengths = (
      await collect(
        pipeline(registry)
          .hash('sha1')
          .run(source, { windowBytes: 256 * 1024 }),
      )
    ).map(({ length }) => length);
    expect(lengths).toEqual([262_144, 262_144, 262_144, 13_568]);
  });

  it('that gives nothing is waited for without a timer, before and behind what it gave', async () => {
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
      await wait(100);
      // Whatever patience there is with what came is over at some time.
      await noMoreThan(before);
      go();
      expect((await running).bytes).toBe(given);
    }
  });

  it('keeps no timer when it ends, fails or is left', async () => {
    const before = timers();
    async function* failing() {
      yield data.subarray(0, PIECE);
      throw new Error('the wire is cut');
    }
    await expect(line().run(failing()).summary()).rejects.toMatchObject({ code: 'stage_failed' });
    for await (const _ of line().run(slow(() => wait(60)))) break;
    await line().run([data]).summary();
    await noMoreThan(before);
  });
});
