import fc from 'fast-check';
import { BrokenPromise, promised } from '../../broken-promise.js';
import { law } from '../../law.js';
import { describeOutcome, outcomeOf } from '../../outcome.js';

export const profilesCanBeTaken = law({
  id: 'chunker.profiles',
  kind: 'chunker',
  promise: 'A profile is named, versioned, frozen: its name alone takes the chunker, always with the same parameters.',
  applies: (_chunker, { profiles }) => profiles.length > 0,
  property: (_chunker, { profiles, take, inputs }) =>
    fc.asyncProperty(fc.constantFrom(...profiles), inputs.short, async (profile, sample) => {
      const one = await outcomeOf(() => take({ options: { profile } }));
      if (!one.ok) throw new BrokenPromise(`the profile ${profile} cannot be taken: it ${describeOutcome(one)}`);
      promised(one.value.profile === profile, () => `taken as ${profile}, it calls itself ${one.value.profile}`);
      promised(Object.isFrozen(one.value.options), () => `the parameters of ${profile} can be changed`);
      const two = await take({ options: { profile } });
      const [before, after] = [one.value, two].map((each) => JSON.stringify([each.options, each.minSize, each.maxSize]));
      promised(before === after, () => `the profile ${profile} is ${before} and then ${after}`);
      await outcomeOf(() => one.value.chunk(sample.fresh()));
    }),
});
