import type { Hasher } from '@chunker/core';
import fc from 'fast-check';
import { promised } from '../../broken-promise.js';
import { concat, difference, sameBytes, scribble } from '../../bytes.js';
import { law } from '../../law.js';
import { codeOf, describeOutcome, expectSameBytes, outcomeOf } from '../../outcome.js';
import { incremental, incrementalSync } from './operations.js';

export const incrementalEqualsWhole = law({
  id: 'hash.incremental-equals-whole',
  kind: 'hash',
  promise: 'However the input is split into updates, the digest is that of the whole.',
  property: (hash, { inputs }) =>
    fc.asyncProperty(inputs.data, inputs.split, fc.constantFrom('update', 'updateSync', 'hashStream'), async (sample, split, door) => {
      const twin = door === 'updateSync' && hash.capabilities.sync;
      const whole = await outcomeOf(() => (twin ? hash.hashSync(sample.fresh()) : hash.hash(sample.fresh())));
      const pieces = () => split.pieces(sample.fresh());
      const found = await outcomeOf(() => {
        if (door === 'hashStream') return hash.hashStream(pieces());
        return twin ? incrementalSync(hash, pieces()) : incremental(hash, pieces());
      });
      expectSameBytes(`${door}, ${split}`, whole, found);
    }),
});

export const piecesAreNotKept = law({
  id: 'hash.pieces-are-not-kept',
  kind: 'hash',
  promise: 'Input is never kept: a piece may be written over once `update` has answered.',
  property: (hash, { inputs }) =>
    fc.asyncProperty(inputs.data, inputs.split, fc.boolean(), async (sample, split, sync) => {
      const honest = await outcomeOf(() => incremental(hash, split.pieces(sample.fresh())));
      const found = await outcomeOf(async () => {
        const hasher = hash.create();
        for (const piece of split.pieces(sample.fresh())) {
          if (sync && hash.capabilities.sync) hasher.updateSync(piece);
          else await hasher.update(piece);
          scribble(piece);
        }
        return hasher.digest();
      });
      expectSameBytes(`${split}, each overwritten after its update`, honest, found);
    }),
});

const feed = async (hasher: Hasher, bytes: Uint8Array): Promise<Hasher> => {
  await hasher.update(bytes);
  return hasher;
};

export const cloneIsIndependent = law({
  id: 'hash.clone-is-independent',
  kind: 'hash',
  promise: '`clone` gives a second state that goes on independently (or is `unsupported_feature`, where the kernel’s state has none).',
  property: (hash, { inputs }) =>
    fc.asyncProperty(inputs.data, inputs.data, inputs.data, async (head, left, right) => {
      const fresh = (...parts: readonly Uint8Array[]) => outcomeOf(() => incremental(hash, [concat(...parts)]));
      const first = await feed(hash.create(), head.fresh());
      const cloned = await outcomeOf(() => first.clone());
      if (!cloned.ok && codeOf(cloned.error) === 'unsupported_feature') return;
      if (!cloned.ok) throw cloned.error;
      const second = cloned.value;
      await feed(first, left.fresh());
      await feed(second, right.fresh());
      const third = second.clone();
      expectSameBytes('the original, after its clone went another way', await fresh(head.fresh(), left.fresh()), await outcomeOf(() => first.digest()));
      expectSameBytes('the clone', await fresh(head.fresh(), right.fresh()), await outcomeOf(() => second.digest()));
      await feed(third, left.fresh());
      const all = await fresh(head.fresh(), right.fresh(), left.fresh());
      expectSameBytes('a clone of the clone, after the clone gave its digest', all, await outcomeOf(() => third.digest()));
    }),
});

export const statesAreApart = law({
  id: 'hash.states-are-apart',
  kind: 'hash',
  promise: 'Each `create` gives a state of its own.',
  property: (hash, { inputs }) =>
    fc.asyncProperty(fc.array(inputs.data, { minLength: 2, maxLength: 4 }), async (samples) => {
      const alone = [];
      for (const sample of samples) alone.push(await incremental(hash, [sample.fresh(), sample.fresh()]).catch(() => undefined));
      const hashers = samples.map(() => hash.create());
      for (let turn = 0; turn < 2; turn++) {
        for (const [i, sample] of samples.entries()) await hashers[i]?.update(sample.fresh()).catch(() => undefined);
      }
      for (const [i, hasher] of hashers.entries()) {
        const digest = await hasher.digest().catch(() => undefined);
        const single = alone[i];
        if (digest === undefined || single === undefined) continue;
        promised(sameBytes(single, digest), () => `state ${i} of ${samples.length} at once: ${difference(single, digest)}`);
      }
    }),
});

export const digestEnds = law({
  id: 'hash.digest-ends',
  kind: 'hash',
  promise: '`digest` may be asked once; afterwards the state is `already_finished`.',
  effort: 0.2,
  property: (hash, { inputs }) =>
    fc.asyncProperty(inputs.data, fc.boolean(), async (sample, updating) => {
      const hasher = hash.create();
      await outcomeOf(() => hasher.update(sample.fresh()));
      await outcomeOf(() => hasher.digest());
      const outcome = await outcomeOf<unknown>(() => (updating ? hasher.update(sample.fresh()) : hasher.digest()));
      promised(!outcome.ok && codeOf(outcome.error) === 'already_finished', () => `${updating ? 'update' : 'digest'} after digest ${describeOutcome(outcome)}`);
    }),
});
