import fc from 'fast-check';
import { BrokenPromise, promised } from '../../broken-promise.js';
import { scribble } from '../../bytes.js';
import { kernelsOf } from '../../inputs/kernels.js';
import { law } from '../../law.js';
import { describeOutcome, outcomeOf } from '../../outcome.js';
import { byNextCut, cutsOf, expectSameCuts } from './same-cuts.js';

export const coversTheInput = law({
  id: 'chunker.covers-the-input',
  kind: 'chunker',
  promise: 'The chunks are the input, whole and in order: none is empty, none is missing, an empty input has none.',
  property: (chunker, { inputs }) =>
    fc.asyncProperty(inputs.data, async (sample) => {
      const outcome = await outcomeOf(() => chunker.chunk(sample.fresh()));
      if (!outcome.ok) throw new BrokenPromise(`chunk ${describeOutcome(outcome)}`);
      const { lengths } = outcome.value;
      const total = lengths.reduce((sum, length) => sum + length, 0);
      promised(total === sample.length, () => `the chunks have ${total} bytes, the input ${sample.length}`);
      promised(!lengths.includes(0), () => `chunk ${lengths.indexOf(0)} is empty`);
    }),
});

export const keepsItsSizes = law({
  id: 'chunker.keeps-its-sizes',
  kind: 'chunker',
  promise: 'No chunk is longer than `maxSize`, none but the last is shorter than `minSize`.',
  property: (chunker, { inputs }) =>
    fc.asyncProperty(inputs.data, async (sample) => {
      const lengths = await cutsOf(chunker, sample.fresh());
      for (const [i, length] of (lengths ?? []).entries()) {
        promised(length <= chunker.maxSize, () => `chunk ${i} has ${length} bytes, maxSize is ${chunker.maxSize}`);
        const last = i === (lengths?.length ?? 0) - 1;
        promised(last || length >= chunker.minSize, () => `chunk ${i} has ${length} bytes, minSize is ${chunker.minSize}`);
      }
    }),
});

export const sizesAreSane = law({
  id: 'chunker.sizes-are-sane',
  kind: 'chunker',
  promise:
    '`minSize`, `targetSize` and `maxSize` are whole and ascending; `reach` is no less than `maxSize`, because a cut at the end of the window looks at all of it.',
  effort: 0.01,
  property: (chunker) =>
    fc.asyncProperty(fc.constant(chunker.spec), () => {
      const { minSize, targetSize, maxSize, reach } = chunker;
      for (const size of [minSize, targetSize, maxSize, reach]) promised(Number.isSafeInteger(size) && size > 0, () => `a size is ${size}`);
      promised(minSize <= targetSize && targetSize <= maxSize, () => `min ${minSize}, target ${targetSize}, max ${maxSize}`);
      promised(reach >= maxSize, () => `reach is ${reach}, maxSize ${maxSize}`);
      return Promise.resolve();
    }),
});

/** The bytes behind `at`, changed in some way; the first `at` stay. */
function changedBeyond(bytes: Uint8Array, at: number, how: 'overwritten' | 'removed' | 'extended'): Uint8Array {
  if (how === 'removed') return bytes.slice(0, at);
  const changed = new Uint8Array(bytes.length + (how === 'extended' ? 97 : 0)).fill(0x3c);
  changed.set(bytes);
  if (how === 'overwritten') scribble(changed.subarray(at));
  return changed;
}

export const looksNoFurther = law({
  id: 'chunker.looks-no-further-than-reach',
  kind: 'chunker',
  promise: 'A cut depends on no more than `reach` bytes from the chunk’s start: bytes beyond, changed, removed or added, leave it.',
  property: (chunker, { inputs }) =>
    fc.asyncProperty(inputs.long, fc.constantFrom('overwritten', 'removed', 'extended'), async (sample, how) => {
      const bytes = sample.fresh();
      if (bytes.length < chunker.reach) return;
      const changed = changedBeyond(bytes, chunker.reach, how);
      const before = await cutsOf(chunker, bytes);
      const after = await cutsOf(chunker, changed);
      if (before === undefined || after === undefined) return;
      promised(before[0] === after[0], () => `the first chunk has ${before[0]} bytes; with the bytes from ${chunker.reach} on ${how} it has ${after[0]}`);
    }),
});

export const carriesNothingOver = law({
  id: 'chunker.carries-nothing-over',
  kind: 'chunker',
  promise: 'A cut depends on the window alone: chunking from any cut on gives the rest of the same chunks.',
  property: (chunker, { inputs }) =>
    fc.asyncProperty(inputs.data, fc.nat(999), async (sample, share) => {
      const whole = await cutsOf(chunker, sample.fresh());
      if (whole === undefined || whole.length === 0) return;
      const from = Math.floor((whole.length * share) / 1000);
      const offset = whole.slice(0, from).reduce((sum, length) => sum + length, 0);
      const rest = await cutsOf(chunker, sample.fresh().slice(offset));
      expectSameCuts(`from the cut at ${offset} on`, whole.slice(from), rest);
    }),
});

export const sameInputSameCuts = law({
  id: 'chunker.determinism',
  kind: 'chunker',
  promise: 'Cut points depend on bytes and parameters alone: not on what was cut before, nor on the instance.',
  property: (chunker, { inputs, take }) =>
    fc.asyncProperty(inputs.data, inputs.data, async (sample, between) => {
      const first = await cutsOf(chunker, sample.fresh());
      await cutsOf(chunker, between.fresh());
      expectSameCuts('the same input cut again', first, await cutsOf(chunker, sample.fresh()));
      expectSameCuts('the same input in a new taking', first, await cutsOf(await take(), sample.fresh()));
    }),
});

export const cutAllEqualsNextCut = law({
  id: 'chunker.cut-all-equals-next-cut',
  kind: 'chunker',
  promise: '`cutAll` gives the lengths that `nextCut` gives one by one.',
  property: (chunker, { inputs }) =>
    fc.asyncProperty(inputs.data, async (sample) => {
      expectSameCuts('cut one by one', await cutsOf(chunker, sample.fresh()), await byNextCut(chunker, sample.fresh()));
    }),
});

export const chunkerKernelsAgree = law({
  id: 'chunker.kernels-agree',
  kind: 'chunker',
  promise: 'Every kernel cuts at the same points.',
  applies: (_chunker, { others }) => others.length > 0,
  property: (chunker, { inputs, others }) =>
    fc.asyncProperty(inputs.data, kernelsOf(others), async (sample, other) => {
      expectSameCuts(`the ${other.kernel} kernel`, await cutsOf(chunker, sample.fresh()), await cutsOf(other, sample.fresh()));
    }),
});
