import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FastCdcInput } from '../src/index.js';
import { bareCutter, cutOneByOne, on } from './kernels.js';

/** Small sizes of any parity, levels and seeds: many cuts in little data. */
const options: fc.Arbitrary<FastCdcInput> = fc
  .record({
    min: fc.integer({ min: 64, max: 600 }),
    overMin: fc.integer({ min: 0, max: 3000 }),
    overAvg: fc.integer({ min: 0, max: 6000 }),
    normalization: fc.integer({ min: 0, max: 3 }),
    seed: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })),
  })
  .map(({ min, overMin, overAvg, normalization, seed }) => {
    const avg = Math.max(256, min + overMin);
    return { min, avg, max: Math.max(1024, avg + overAvg), normalization, seed };
  });

/** Noise, few letters, one value, and a mixture: each shows other cuts. */
const bytes: fc.Arbitrary<Uint8Array> = fc
  .record({
    length: fc.integer({ min: 0, max: 40_000 }),
    alphabet: fc.constantFrom(256, 4, 2, 1),
    base: fc.integer({ min: 0, max: 255 }),
    seed: fc.integer({ min: 1, max: 0x7fff_ffff }),
    period: fc.oneof(fc.constant(1 << 30), fc.integer({ min: 1, max: 500 })),
  })
  .map(({ length, alphabet, base, seed, period }) => {
    let x = seed;
    const data = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      data[i] = i >= period ? (data[i - period] as number) : base + ((x >>> 16) % alphabet);
    }
    return data;
  });

const sizes = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 40 });

function* pieces(data: Uint8Array, cuts: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < data.length; i++) {
    const size = cuts[i % cuts.length] === 0 && i > cuts.length ? 1 : (cuts[i % cuts.length] as number);
    yield data.subarray(at, at + size);
    at += size;
  }
}

describe('kernels agree', () => {
  it('one cut at a time, all at once, asynchronously', async () => {
    const check = async (given: FastCdcInput, data: Uint8Array) => {
      const expected = cutOneByOne(await bareCutter('js', given), data);
      expect(cutOneByOne(await bareCutter('native', given), data)).toEqual(expected);
      const native = await on('native', given);
      expect([...native.chunkSync(data).lengths]).toEqual(expected);
      expect([...(await native.chunk(data)).lengths]).toEqual(expected);
      expect([...(await (await on('js', given)).chunk(data)).lengths]).toEqual(expected);
    };
    await fc.assert(fc.asyncProperty(options, bytes, check), { numRuns: 300 });
  });

  it('however the input is split', async () => {
    const check = async (given: FastCdcInput, data: Uint8Array, cuts: readonly number[]) => {
      const expected = cutOneByOne(await bareCutter('js', given), data);
      const push = (await bareCutter('native', given)).open?.();
      if (push === undefined) throw new Error('the native cutter has a push form');
      const lengths = [...pieces(data, cuts)].flatMap((piece) => [...push.push(piece)]);
      expect([...lengths, ...push.finish()]).toEqual(expected);
      for (const kernel of ['native', 'js'] as const) {
        const streamed = [];
        for await (const chunk of (await on(kernel, given)).chunkStream(pieces(data, cuts))) streamed.push(chunk.length);
        expect(streamed).toEqual(expected);
      }
    };
    await fc.assert(fc.asyncProperty(options, bytes, sizes, check), { numRuns: 150 });
  });

  it('what a window calls certain is certain', async () => {
    const check = async (given: FastCdcInput, data: Uint8Array, share: number) => {
      const native = await bareCutter('native', given);
      const window = data.subarray(0, Math.floor(data.length * share));
      const certain = [...(native.cutAllSync?.(window, false) ?? [])];
      expect(cutOneByOne(native, data).slice(0, certain.length)).toEqual(certain);
      const covered = certain.reduce((sum, length) => sum + length, 0);
      expect(window.length - covered).toBeLessThan(native.maxSize);
    };
    await fc.assert(fc.asyncProperty(options, bytes, fc.double({ min: 0, max: 1, noNaN: true }), check), { numRuns: 200 });
  });
});
