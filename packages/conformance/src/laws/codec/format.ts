import fc from 'fast-check';
import { promised } from '../../broken-promise.js';
import { difference, sameBytes } from '../../bytes.js';
import { kernelsOf } from '../../inputs/kernels.js';
import { damages } from '../../inputs/damage.js';
import { law } from '../../law.js';
import { codeOf, describeOutcome, expectSameBytes, outcomeOf } from '../../outcome.js';
import { isChunkerError } from '@chunker/core';
import { packed } from './operations.js';

export const determinism = law({
  id: 'codec.determinism',
  kind: 'codec',
  promise: '`deterministic`: the same input and options give the same bytes, always.',
  applies: (codec) => codec.guarantees.deterministic === true,
  property: (codec, { inputs, take }) =>
    fc.asyncProperty(inputs.data, inputs.data, async (sample, between) => {
      const first = await packed(codec, sample);
      if (first === undefined) return;
      await packed(codec, between);
      const again = {
        'a second call': () => codec.compress(sample.fresh()),
        'a new taking': async () => (await take()).compress(sample.fresh()),
      };
      for (const [name, operation] of Object.entries(again)) {
        const outcome = await outcomeOf<Uint8Array>(operation);
        promised(!outcome.ok || sameBytes(first, outcome.value), () => `${name} gave other bytes: ${outcome.ok && difference(first, outcome.value)}`);
      }
    }),
});

export const boundHolds = law({
  id: 'codec.compress-bound',
  kind: 'codec',
  promise: '`compressBound` is an upper bound of the compressed size.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, async (sample) => {
      const bound = codec.compressBound(sample.length);
      promised(Number.isSafeInteger(bound) && bound >= 0, () => `compressBound(${sample.length}) is ${bound}`);
      const data = await packed(codec, sample);
      promised(data === undefined || data.length <= bound, () => `${sample.length} bytes became ${data?.length}, compressBound says ${bound}`);
    }),
});

export const recognition = law({
  id: 'codec.recognition',
  kind: 'codec',
  promise: 'The format is recognised by its magic bytes: they stand at the head of what `compress` writes, or `recognise` tells it.',
  applies: (_codec, { recognisable }) => recognisable,
  property: (codec, { inputs, registry }) =>
    fc.asyncProperty(inputs.data, async (sample) => {
      const data = await packed(codec, sample);
      if (data === undefined) return;
      const found = registry.detect(data);
      promised(found === codec.name, () => `what ${codec.name} wrote is taken for ${found ?? 'nothing known'}`);
    }),
});

export const detectionIsTotal = law({
  id: 'codec.detection-is-total',
  kind: 'codec',
  promise: '`recognise` answers for every head, however short, and not yes to all.',
  applies: (_codec, { recognisable }) => recognisable,
  effort: 0.5,
  property: (_codec, { inputs, registry }) =>
    fc.asyncProperty(fc.array(inputs.data, { minLength: 20, maxLength: 20 }), async (samples) => {
      const answers: (string | undefined)[] = [];
      for (const sample of samples) {
        const outcome = await outcomeOf(() => registry.detect(sample.fresh().subarray(0, 64)));
        promised(outcome.ok, () => `asked about ${sample}, it ${describeOutcome(outcome)}`);
        answers.push(outcome.value);
      }
      promised(
        answers.some((answer) => answer === undefined),
        () => 'it took twenty inputs of every kind for its own format',
      );
    }),
});

export const inspection = law({
  id: 'codec.inspect',
  kind: 'codec',
  promise: '`inspect` tells what decoding finds, from headers alone; of anything else it throws a typed error.',
  applies: (codec) => codec.inspect !== undefined,
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, damages(), async (sample, damage) => {
      const data = await packed(codec, sample);
      const plain = data && (await outcomeOf(() => codec.decompress(data.slice())));
      if (data === undefined || !plain?.ok || codec.inspect === undefined) return;
      const told = codec.inspect(data.slice()).contentBytes;
      promised(told === undefined || told === plain.value.length, () => `inspect tells of ${told} bytes, decompressing gives ${plain.value.length}`);
      const head = await outcomeOf(() => codec.inspect?.(damage.apply(data)));
      const typed = head.ok || (isChunkerError(head.error) && codeOf(head.error) !== 'plugin_failed');
      promised(typed, () => `of data ${damage}, inspect ${describeOutcome(head)}`);
    }),
});

export const kernelsAgree = law({
  id: 'codec.kernels-agree',
  kind: 'codec',
  promise: 'Every kernel decodes what every other wrote, and refuses what every other refuses.',
  applies: (_codec, { others }) => others.length > 0,
  property: (codec, { inputs, others }) =>
    fc.asyncProperty(inputs.data, damages(), kernelsOf(others), async (sample, damage, other) => {
      const data = await packed(codec, sample);
      if (data === undefined) return;
      const changed = damage.apply(data);
      const mine = await outcomeOf(() => codec.decompress(changed.slice()));
      expectSameBytes(
        `the ${other.kernel} kernel, of data by the ${codec.kernel} kernel, ${damage}`,
        mine,
        await outcomeOf(() => other.decompress(changed.slice())),
      );
    }),
});
