import { type Algorithm, type AlgorithmKind, type Configured, optionsSchema } from '@chunker/core';
import fc from 'fast-check';
import { BrokenPromise, promised } from '../broken-promise.js';
import type { Law } from '../law.js';
import { law } from '../law.js';
import { codeOf, describeOutcome, outcomeOf } from '../outcome.js';

/** How options are read and told: the same laws for every kind. */
export function optionLaws<Kind extends AlgorithmKind>(kind: Kind): Law<Kind>[] {
  return [badOptionsAreRefused(kind), optionsStay(kind), defaultsAreTheSchemas(kind), specReadsBack(kind)];
}

const REFUSED: Readonly<Record<AlgorithmKind, string>> = {
  codec: 'invalid_options',
  hash: 'invalid_options',
  chunker: 'invalid_chunking_options',
};

/** What no option of any type can be: options are JSON. */
const NEVER_VALID: readonly unknown[] = [Number.NaN, Number.NEGATIVE_INFINITY, Symbol.iterator, () => 1, undefined];

const badOptionsAreRefused = <Kind extends AlgorithmKind>(kind: Kind): Law<Kind> =>
  law({
    id: `${kind}.bad-options-are-refused`,
    kind,
    promise: `Options are one strict object: an unknown name and a value of no use are refused as \`${REFUSED[kind]}\`, naming the option.`,
    effort: 0.5,
    property: (algorithm, { take, given }) => {
      const names = Object.keys((algorithm as Configured<unknown>).options ?? {});
      const name = fc.constantFrom(...names, 'no-such-option', 'noSuchOption');
      return fc.asyncProperty(name, fc.constantFrom(...NEVER_VALID), async (option, value) => {
        // A profile takes no parameters beside it, so the options are spoilt by themselves.
        const base = 'profile' in given ? {} : given;
        const bad = names.includes(option) ? value : 1;
        if (bad === undefined) return;
        const outcome = await outcomeOf(() => take({ options: { ...base, [option]: bad } }));
        const taken = `options with ${option} = ${fc.stringify(bad)}`;
        if (outcome.ok) throw new BrokenPromise(`${taken} were accepted`);
        promised(codeOf(outcome.error) === REFUSED[kind], () => `taking it with ${taken} ${describeOutcome(outcome)}`);
      });
    },
  });

const optionsStay = <Kind extends AlgorithmKind>(kind: Kind): Law<Kind> =>
  law({
    id: `${kind}.options-are-read-once`,
    kind,
    promise: 'Options are parsed once when the algorithm is taken: changing the object afterwards changes nothing.',
    effort: 0.1,
    property: (_algorithm, { take, given }) =>
      fc.asyncProperty(fc.nat(9), async () => {
        const mine: Record<string, unknown> = structuredClone(given);
        const taken = (await take({ options: mine })) as Configured<unknown>;
        const before = JSON.stringify(taken.options);
        for (const name of Object.keys(mine)) mine[name] = 'changed';
        promised(JSON.stringify(taken.options) === before, () => `its options went from ${before} to ${JSON.stringify(taken.options)}`);
      }),
  });

const defaultsAreTheSchemas = <Kind extends AlgorithmKind>(kind: Kind): Law<Kind> =>
  law({
    id: `${kind}.defaults-are-the-schemas`,
    kind,
    promise: '`defaults` is what the schema answers to no options; saying some of them again changes nothing.',
    effort: 0.3,
    applies: (_algorithm, { defaults }) => defaults !== undefined,
    property: (_algorithm, { definition, defaults = {} }) =>
      fc.asyncProperty(fc.subarray(Object.keys(defaults)), async (names) => {
        const said = Object.fromEntries(names.map((name) => [name, defaults[name]]));
        const schema = await optionsSchema(definition as Algorithm);
        const result = await schema?.['~standard'].validate(said);
        promised(result !== undefined && result.issues === undefined, () => `its schema refuses ${told(said)}`);
        const value = (result as { readonly value: unknown }).value;
        promised(told(value) === told(defaults), () => `its defaults are ${told(defaults)}; to ${told(said)} its schema answers ${told(value)}`);
      }),
  });

/** Options as text, whatever the order of their names. */
function told(options: unknown): string {
  return fc.stringify(Object.entries({ ...(options as object) }).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const specReadsBack = <Kind extends AlgorithmKind>(kind: Kind): Law<Kind> =>
  law({
    id: `${kind}.spec-reads-back`,
    kind,
    promise: '`registry.parse` reads `spec` back: the same name, the same options.',
    effort: 0.1,
    property: (algorithm, { parse }) =>
      fc.asyncProperty(fc.nat(9), async () => {
        const again: Configured<unknown> = await parse(algorithm.spec);
        promised(again.name === algorithm.name, () => `${algorithm.spec} is read as ${again.name}`);
        const [one, two] = [algorithm as Configured<unknown>, again].map((each) => JSON.stringify(each.options));
        promised(one === two, () => `${algorithm.spec} is read as ${two} instead of ${one}`);
        promised(again.spec === algorithm.spec, () => `${algorithm.spec} is told as ${again.spec} when it was read back`);
      }),
  });
