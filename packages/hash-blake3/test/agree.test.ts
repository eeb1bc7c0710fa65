import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KERNELS, on } from './kernels.js';
import { hex } from '../../../vectors/reader.js';

const others = KERNELS.filter(({ kernel }) => kernel !== 'js');

/** Options and handles of one of the three modes. */
const modes = fc.oneof(
  fc.constant([{}, {}] as const),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => [{}, { key }] as const),
  fc.string({ maxLength: 100 }).map((context) => [{ context }, {}] as const),
);

/** Sizes where blocks, chunks and lanes end, and any. */
const sizes = fc.oneof(fc.constantFrom(0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 2049, 4096, 8192, 12_288, 12_289, 16_384), fc.nat(20_000));

describe.each(others.map(({ kernel, skip }) => [kernel, skip] as const))('the %s kernel and the js kernel %s', (kernel, skip) => {
  it.skipIf(skip !== '')('give the same bytes for any ranges, mode and length', async () => {
    await fc.assert(
      fc.asyncProperty(modes, fc.integer({ min: 1, max: 200 }), fc.array(fc.tuple(sizes, fc.nat(50_000)), { maxLength: 60 }), async (mode, length, list) => {
        const data = new Uint8Array(70_000).map((_, i) => (i * 2_654_435_761) >>> 11);
        const ranges = { lengths: Uint32Array.from(list, ([size]) => size), offsets: Float64Array.from(list, ([, offset]) => offset) };
        const [options, handles] = [{ ...mode[0], length }, mode[1]];
        const [ours, js] = [await on(kernel, options, handles), await on('js', options, handles)];
        const wanted = hex(await js.hashMany({ buffer: data, ranges }));
        expect(hex(await ours.hashMany({ buffer: data, ranges }))).toBe(wanted);
        expect(hex(ours.hashManySync({ buffer: data, ranges }))).toBe(wanted);
        const one = list[0];
        if (one) expect(hex(ours.hashSync(data.subarray(one[1], one[1] + one[0])))).toBe(wanted.slice(0, 2 * length));
      }),
      { numRuns: 60 },
    );
  });

  it.skipIf(skip !== '')('give the same bytes for any pieces', async () => {
    const js = await on('js');
    const ours = await on(kernel);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(400_000), { maxLength: 6 }), async (list) => {
        const [a, b] = [js.create(), ours.create()];
        for (const size of list) {
          const piece = new Uint8Array(size).map((_, i) => (i * 40_503) >>> 7);
          await a.update(piece);
          await b.update(piece);
        }
        expect(hex(await b.digest())).toBe(hex(await a.digest()));
      }),
      { numRuns: 20 },
    );
  });
});
