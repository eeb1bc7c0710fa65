import type { Chunker } from '@chunker/core';
import fc from 'fast-check';
import { promised } from '../../broken-promise.js';
import { sameBytes, scribble } from '../../bytes.js';
import { batchOf, FORMS } from '../../inputs/batches.js';
import { law } from '../../law.js';
import { codeOf, describeOutcome, outcomeOf } from '../../outcome.js';
import { fedLengths, lengthsOfStream } from './operations.js';
import { cutsOf, expectSameCuts } from './same-cuts.js';

const orNothing = async <T>(operation: () => T | Promise<T>): Promise<T | undefined> => {
  const outcome = await outcomeOf(operation);
  return outcome.ok ? outcome.value : undefined;
};

export const chunkSyncEqualsAsync = law({
  id: 'chunker.sync-equals-async',
  kind: 'chunker',
  promise: 'A `Sync` twin gives what the asynchronous method gives.',
  applies: (chunker) => chunker.capabilities.sync,
  property: (chunker, { inputs }) =>
    fc.asyncProperty(inputs.data, async (sample) => {
      const plain = await cutsOf(chunker, sample.fresh());
      expectSameCuts('chunkSync', plain, await orNothing(() => [...chunker.chunkSync(sample.fresh()).lengths]));
    }),
});

export const pushEqualsWhole = law({
  id: 'chunker.push-equals-whole',
  kind: 'chunker',
  promise: 'However the input is split into pieces that are fed, the chunks are those of the whole; a piece may be written over once it is fed.',
  property: (chunker, { inputs }) =>
    fc.asyncProperty(inputs.data, inputs.split, async (sample, split) => {
      const whole = await cutsOf(chunker, sample.fresh());
      const scribbled = function* () {
        for (const piece of split.pieces(sample.fresh())) {
          yield piece;
          scribble(piece);
        }
      };
      expectSameCuts(`fed ${split}`, whole, await orNothing(() => fedLengths(chunker, scribbled())));
    }),
});

/** Cuts as a pipeline takes them: from windows that hold at least `reach` bytes, or all that is left. */
async function windowed(chunker: Chunker, bytes: Uint8Array, extra: readonly number[]): Promise<number[]> {
  const lengths: number[] = [];
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const end = Math.min(bytes.length, start + chunker.reach + (extra[turn % Math.max(1, extra.length)] ?? 0));
    const cut = await chunker.cutWindow(bytes.slice(start, end), end === bytes.length);
    promised(cut.length > 0, () => `a window of ${end - start} bytes has no cut`);
    for (const length of cut) {
      lengths.push(length);
      start += length;
    }
  }
  return lengths;
}

export const streamEqualsWhole = law({
  id: 'chunker.stream-equals-whole',
  kind: 'chunker',
  promise: 'However a stream is split into reads and windows, its chunks are those of the whole.',
  property: (chunker, { inputs }) =>
    fc.asyncProperty(
      inputs.data,
      inputs.split,
      fc.array(fc.nat(2 * chunker.maxSize), { maxLength: 4 }),
      fc.boolean(),
      async (sample, split, extra, windows) => {
        const whole = await cutsOf(chunker, sample.fresh());
        const stream = () => lengthsOfStream(chunker.chunkStream(split.pieces(sample.fresh())));
        const found = await orNothing(() => (windows ? windowed(chunker, sample.fresh(), extra) : stream()));
        const name = windows ? `in windows of reach plus ${extra.join(', ') || 'nothing'}` : `the stream ${split}`;
        expectSameCuts(name, whole, found);
      },
    ),
});

export const chunkBatchEqualsSingle = law({
  id: 'chunker.batch-equals-single',
  kind: 'chunker',
  promise: '`chunkMany` gives the chunks of each input, in order, as the single call gives them.',
  property: (chunker, { inputs }) =>
    fc.asyncProperty(fc.array(inputs.data, { maxLength: 4 }), FORMS, fc.boolean(), async (samples, form, sync) => {
      const batch = batchOf(
        form,
        samples.map((sample) => sample.fresh()),
      );
      const lists = await orNothing(() => (sync && chunker.capabilities.sync ? chunker.chunkManySync(batch) : chunker.chunkMany(batch)));
      promised(lists === undefined || lists.length === samples.length, () => `${samples.length} inputs gave ${lists?.length} lists`);
      const singles = await Promise.all(samples.map((sample) => cutsOf(chunker, sample.fresh())));
      // One input that fails may fail the batch: cut points have no errors of their own.
      if (singles.includes(undefined)) return;
      for (const [i, single] of singles.entries()) expectSameCuts(`input ${i} of ${samples.length}, ${form}`, single, lists?.[i]?.lengths);
    }),
});

export const payloadsAreTheBytes = law({
  id: 'chunker.payloads-are-the-bytes',
  kind: 'chunker',
  promise: 'A payload is the chunk’s bytes: of a stream, a view is right until the next pull and right or empty afterwards; a copy stays.',
  property: (chunker, { inputs }) =>
    fc.asyncProperty(inputs.data, inputs.split, fc.constantFrom('view', 'copy'), async (sample, split, payload) => {
      const bytes = sample.fresh();
      const kept: [Uint8Array, Uint8Array][] = [];
      const outcome = await outcomeOf(async () => {
        for await (const chunk of chunker.chunkStream(split.pieces(sample.fresh()), { payload })) {
          const expected = bytes.subarray(chunk.offset, chunk.offset + chunk.length);
          promised(chunk.payload !== undefined && sameBytes(expected, chunk.payload), () => `the ${payload} at ${chunk.offset} has other bytes`);
          promised(sameBytes(expected, chunk.copy()), () => `copy() at ${chunk.offset} has other bytes`);
          kept.push([expected, chunk.payload]);
        }
      });
      if (!outcome.ok && outcome.error instanceof Error && outcome.error.name === 'BrokenPromise') throw outcome.error;
      for (const [expected, view] of kept) {
        const stale = payload === 'view' && view.length === 0;
        promised(stale || sameBytes(expected, view), () => `a ${payload} that was kept turned into other bytes`);
      }
    }),
});

export const pushEnds = law({
  id: 'chunker.push-ends',
  kind: 'chunker',
  promise: 'After `finish` every call is `already_finished`.',
  effort: 0.2,
  property: (chunker, { inputs }) =>
    fc.asyncProperty(inputs.short, fc.boolean(), async (sample, feeding) => {
      const push = chunker.open();
      await outcomeOf(() => push.feed(sample.fresh()));
      await outcomeOf(() => push.finish());
      const outcome = await outcomeOf<unknown>(() => (feeding ? push.feed(sample.fresh()) : push.finish()));
      promised(!outcome.ok && codeOf(outcome.error) === 'already_finished', () => `${feeding ? 'feed' : 'finish'} after finish ${describeOutcome(outcome)}`);
    }),
});
