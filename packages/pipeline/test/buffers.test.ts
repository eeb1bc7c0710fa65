import { Registry } from '@chunker/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type BufferStrategy, type PipelineInput, pipeline, type RunSettings, type WindowSource } from '@chunker/pipeline';
import { flate, lowbits, registry, sampleBytes, sha1 } from './algorithms.js';
import { collect } from './records.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = { min: 500, max: 9000, bits: 10 };
const data = sampleBytes(2_000_000);
const line = pipeline(registry).chunk('lowbits', SIZES).hash('sha1').compress('flate');

/** Bytes that tell how much was asked for each time. Of unknown size, so that no window is fitted to it. */
function watched(bytes = data) {
  const asked: number[] = [];
  let at = 0;
  const source: WindowSource = {
    async fill(target) {
      asked.push(target.length);
      await new Promise((resolve) => setImmediate(resolve));
      const piece = bytes.subarray(at, at + target.length);
      target.set(piece);
      at += piece.length;
      return piece.length;
    },
    close: async () => {},
  };
  return { asked, source };
}

async function askedBy(buffers: BufferStrategy, settings: RunSettings = {}, sizes = SIZES): Promise<number[]> {
  const { asked, source } = watched();
  await pipeline(registry)
    .chunk('lowbits', sizes)
    .run(source, { buffers, ...settings })
    .summary();
  return asked;
}

describe('the windows of a run', () => {
  it('are all of one size where they are fixed, which is the default', async () => {
    const { asked, source } = watched();
    await pipeline(registry).chunk('lowbits', SIZES).run(source, { windowBytes: 200_000 }).summary();
    // In whole blocks: a file is read in multiples of them.
    expect(new Set(asked)).toEqual(new Set([200_704]));
    expect(await askedBy({ strategy: 'fixed' }, { windowBytes: 200_000 })).toEqual(asked);
    expect(await askedBy({ strategy: 'preallocated' }, { windowBytes: 200_000 })).toEqual(asked);
  });

  it('begin small, double, and settle at what holds sixteen chunks of the average', async () => {
    const asked = await askedBy({ strategy: 'adaptive', max: MIB });
    const { length } = await collect(pipeline(registry).chunk('lowbits', SIZES).run(data));
    const settled = (16 * data.length) / length;
    expect(asked.slice(0, 3)).toEqual([4096, 8192, 16_384]);
    for (const size of asked.slice(-8)) {
      expect(size).toBeGreaterThan(settled / 1.3);
      expect(size).toBeLessThan(settled * 1.3 + 4096);
    }
    expect(new Set(asked.slice(-8)).size).toBe(1);
  });

  it('grow to the cap and no further where chunks are large', async () => {
    const asked = await askedBy({ strategy: 'adaptive', max: 256 * KIB }, {}, { min: 100_000, max: 200_000, bits: 14 });
    expect(asked.slice(0, 4)).toEqual([64 * KIB, 128 * KIB, 256 * KIB, 256 * KIB]);
    expect(Math.max(...asked)).toBe(256 * KIB);
    expect(await askedBy({ strategy: 'adaptive' }, { windowBytes: 131_072 }, { min: 100_000, max: 200_000, bits: 14 })).toContain(131_072);
  });

  it('change no record, whatever the strategy, the source and the mode', async () => {
    const strategies: BufferStrategy[] = [
      { strategy: 'adaptive' },
      { strategy: 'adaptive', min: 8192, max: 40_960, growthFactor: 3 },
      { strategy: 'preallocated' },
    ];
    const forms: Record<string, (bytes: Uint8Array) => PipelineInput> = {
      bytes: (bytes) => bytes,
      source: (bytes) => watched(bytes).source,
      pieces: (bytes) =>
        (function* () {
          for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007);
        })(),
    };
    const property = fc.asyncProperty(
      fc.integer({ min: 0, max: 200_000 }),
      fc.constantFrom(...strategies),
      fc.constantFrom(...Object.keys(forms)),
      fc.constantFrom('parallel' as const, 'sequential' as const),
      fc.integer({ min: 2, max: 5 }),
      async (length, buffers, form, mode, queue) => {
        const bytes = data.subarray(0, length);
        const input = (forms[form] as (typeof forms)[string])(bytes);
        expect(await collect(line.run(input, { buffers, mode, queue, windowBytes: 65_536, payload: 'copy' }))).toEqual(
          await collect(line.run(bytes, { payload: 'copy' })),
        );
      },
    );
    await fc.assert(property, { numRuns: 25 });
  });

  it('stop and resume with any of them', async () => {
    const settings = { buffers: { strategy: 'adaptive' }, windowBytes: 65_536 } as const;
    const run = line.run(data, settings);
    const records = [];
    for await (const record of run) if (records.push(record.offset) === 100) run.stop();
    const { checkpoint } = run;
    expect(checkpoint?.offset).toBeGreaterThan(0);
    const rest = await collect(line.run(data, { ...settings, resume: checkpoint as NonNullable<typeof checkpoint> }));
    expect([...records, ...rest.map(({ offset }) => offset)]).toEqual((await collect(line.run(data))).map(({ offset }) => offset));
  });

  it('are made before the first read where they are preallocated, and used again', async () => {
    const settings = { windowBytes: 8 * MIB, queue: 4 };
    const held = async (buffers: BufferStrategy) => {
      let [made, first] = [0, -1];
      class Counting extends ArrayBuffer {
        constructor(length: number) {
          super(length);
          if (length >= settings.windowBytes) made += 1;
        }
      }
      vi.stubGlobal('ArrayBuffer', Counting);
      const memories = new Set<ArrayBufferLike>();
      let left = 6;
      const source: WindowSource = {
        async fill(target) {
          if (first < 0) first = made;
          memories.add(target.buffer);
          target[0] = left;
          return left-- > 0 ? target.length : 0;
        },
        close: async () => {},
      };
      await pipeline(Registry.of(lowbits, sha1, flate))
        .chunk('lowbits', SIZES)
        .run(source, { ...settings, buffers })
        .summary();
      vi.unstubAllGlobals();
      return { first, made, memories: memories.size };
    };
    const preallocated = await held({ strategy: 'preallocated' });
    expect(preallocated).toMatchObject({ first: 4, made: 4 });
    expect(preallocated.memories).toBeLessThanOrEqual(4);
    expect((await held({ strategy: 'fixed' })).first).toBe(1);
  });

  it('that adapt need a chunker, and none is larger than the limit of buffers allows', async () => {
    const run = (settings: RunSettings) => line.run(data, settings).summary();
    const adaptive = { strategy: 'adaptive' } as const;
    await expect(pipeline(registry).hash('sha1').run(data, { buffers: adaptive }).summary()).rejects.toMatchObject({ code: 'invalid_pipeline' });
    await expect(run({ buffers: { strategy: 'none' as never } })).rejects.toMatchObject({ code: 'invalid_input', details: { name: 'buffers.strategy' } });
    await expect(run({ buffers: { ...adaptive, max: 64 * MIB }, bufferLimitBytes: 10 * MIB })).rejects.toMatchObject({ code: 'buffer_limit_exceeded' });
  });
});
