import { EFFORTS } from '@chunker/core';
import fc from 'fast-check';
import { BrokenPromise } from '../../broken-promise.js';
import { law } from '../../law.js';
import { describeOutcome, expectSameBytes, outcomeOf } from '../../outcome.js';
import { packed } from './operations.js';

export const effortsCanBeTaken = law({
  id: 'codec.efforts-can-be-taken',
  kind: 'codec',
  promise: 'The options of each effort take the codec, and what is compressed with them decompresses with any of its options.',
  effort: 0.3,
  applies: (_codec, { registry }) => registry.list('codec')[0]?.efforts !== undefined,
  property: (codec, { registry, take, inputs }) => {
    const efforts = registry.list('codec')[0]?.efforts ?? {};
    const declared = EFFORTS.filter((effort) => efforts[effort] !== undefined);
    return fc.asyncProperty(fc.constantFrom(...declared), inputs.data, async (effort, sample) => {
      const one = await outcomeOf(() => take({ options: efforts[effort]?.options }));
      if (!one.ok) throw new BrokenPromise(`with the options of ${effort} it cannot be taken: it ${describeOutcome(one)}`);
      const data = await packed(one.value, sample);
      if (data === undefined) return;
      const back = await outcomeOf(() => codec.decompress(data));
      expectSameBytes(`decompressing what ${effort} compressed`, { ok: true, value: sample.fresh() }, back);
    });
  },
});
