import type { Chunker } from '@chunker/core';
import fc from 'fast-check';
import { law } from '../../law.js';
import { byNextCut, cutsOf, expectSameCuts } from './same-cuts.js';

/** The rule of hints, written out slowly: the nearest hint within the tolerance and the sizes, of two equally near ones the earlier, else the natural cut. */
async function byTheRule(chunker: Chunker, data: Uint8Array, at: readonly number[], tolerance: number): Promise<number[] | undefined> {
  const lengths: number[] = [];
  for (let start = 0; start < data.length; ) {
    const natural = (await byNextCut(chunker, data.slice(start, start + chunker.reach)))?.[0];
    if (natural === undefined) return undefined;
    let best = natural;
    let nearest = Number.POSITIVE_INFINITY;
    const longest = Math.min(chunker.maxSize, data.length - start);
    for (const hint of at) {
      const length = hint - start;
      const distance = Math.abs(length - natural);
      if (length < Math.min(chunker.minSize, longest) || length > longest || length < 1 || distance > tolerance || distance >= nearest) continue;
      best = length;
      nearest = distance;
    }
    lengths.push(best);
    start += best;
  }
  return lengths;
}

export const hintsAreRespected = law({
  id: 'chunker.hints',
  kind: 'chunker',
  promise:
    'Core takes the hint nearest to the natural cut within the tolerance and within minSize..maxSize (of two equally near ones the earlier), else the natural cut; the next chunk starts there.',
  property: (chunker, { inputs }) =>
    fc.asyncProperty(inputs.data, fc.array(fc.nat(999), { maxLength: 12 }), fc.nat(1000), async (sample, shares, share) => {
      const at = [...new Set(shares.map((each) => Math.floor((sample.length * each) / 1000)))].sort((a, b) => a - b);
      const toleranceBytes = Math.floor((chunker.maxSize * share) / 1000);
      const expected = await byTheRule(chunker, sample.fresh(), at, toleranceBytes);
      if (expected === undefined) return;
      const found = await cutsOf(chunker, sample.fresh(), { hints: { at: Float64Array.from(at), toleranceBytes } });
      expectSameCuts(`with hints at ${at.join(', ') || 'nothing'}, tolerance ${toleranceBytes}`, expected, found);
    }),
});
