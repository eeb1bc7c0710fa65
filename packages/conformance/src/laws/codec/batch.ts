import type { Batch, ByteBatch, Codec } from '@chunker/core';
import fc from 'fast-check';
import { promised } from '../../broken-promise.js';
import { damages } from '../../inputs/damage.js';
import { batchOf, FORMS } from '../../inputs/batches.js';
import { law } from '../../law.js';
import { expectSameBytes, expectSameOutcome, type Outcome, outcomeOf } from '../../outcome.js';
import { meaningOf, packed } from './operations.js';

/** Item `i` of a batch as an outcome; the iterator, `at` and `errors` have to say the same. */
function itemOf(batch: ByteBatch, i: number): Promise<Outcome<Uint8Array>> {
  return outcomeOf(() => batch.at(i).slice());
}

function expectForm(batch: ByteBatch, items: number): void {
  promised(batch.length === items && batch.lengths.length === items, () => `${items} inputs gave ${batch.lengths.length} results`);
  const total = batch.lengths.reduce((sum, length) => sum + length, 0);
  promised(total <= batch.buffer.length, () => `the lengths add up to ${total}, the buffer has ${batch.buffer.length} bytes`);
  for (const index of batch.errors.keys()) promised(batch.lengths[index] === 0, () => `item ${index} failed and is ${batch.lengths[index]} bytes long`);
}

const run = (codec: Codec, sync: boolean, opening: boolean, batch: Batch): ByteBatch | Promise<ByteBatch> => {
  if (opening) return sync ? codec.decompressManySync(batch) : codec.decompressMany(batch);
  return sync ? codec.compressManySync(batch) : codec.compressMany(batch);
};

export const compressBatch = law({
  id: 'codec.compress-batch-equals-single',
  kind: 'codec',
  promise: '`compressMany` gives one result per input, in order, each as the single call gives it.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(fc.array(inputs.data, { maxLength: 6 }), FORMS, fc.boolean(), async (samples, form, sync) => {
      const items = samples.map((sample) => sample.fresh());
      const twin = sync && codec.capabilities.sync;
      const batch = await run(codec, twin, false, batchOf(form, items));
      expectForm(batch, items.length);
      for (const [i, sample] of samples.entries()) {
        const single = await outcomeOf(() => (twin ? codec.compressSync(sample.fresh()) : codec.compress(sample.fresh())));
        const found = await meaningOf(codec, await itemOf(batch, i));
        expectSameBytes(`item ${i} of ${items.length}, ${form}`, await meaningOf(codec, single), found);
      }
    }),
});

export const decompressBatch = law({
  id: 'codec.decompress-batch-equals-single',
  kind: 'codec',
  promise: '`decompressMany` gives one result per input, in order; a failing item has its own error and does not stop the others.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(fc.array(fc.tuple(inputs.data, damages()), { maxLength: 6 }), FORMS, fc.boolean(), async (list, form, sync) => {
      const items: Uint8Array[] = [];
      for (const [sample, damage] of list) {
        const data = await packed(codec, sample);
        if (data !== undefined) items.push(damage.apply(data));
      }
      const twin = sync && codec.capabilities.sync;
      const batch = await run(codec, twin, true, batchOf(form, items));
      expectForm(batch, items.length);
      for (const [i, item] of items.entries()) {
        const single = await outcomeOf(() => (twin ? codec.decompressSync(item.slice()) : codec.decompress(item.slice())));
        expectSameOutcome(`item ${i} of ${items.length}, ${form}`, single, await itemOf(batch, i));
      }
    }),
});
