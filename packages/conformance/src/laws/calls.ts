import type { AlgorithmKind } from '@chunker/core';
import fc from 'fast-check';
import { promised } from '../broken-promise.js';
import type { Law } from '../law.js';
import { law } from '../law.js';
import type { Operation } from '../operations.js';
import { describeOutcome, expectSameBytes, outcomeOf } from '../outcome.js';

/** How calls end and stand beside each other: the same laws for the asynchronous doors of every kind. */
export function callLaws<Kind extends AlgorithmKind>(kind: Kind, operations: readonly Operation<Kind>[]): Law<Kind>[] {
  const doors = operations.filter((operation) => operation.sync !== true);
  return [abortedBefore(kind, doors), abortedDuring(kind, doors), callsSideBySide(kind, doors)];
}

const named = <Kind extends AlgorithmKind>(operations: readonly Operation<Kind>[]) =>
  fc.constantFrom(...operations.map((operation) => ({ ...operation, [fc.toStringMethod]: () => operation.name })));

const abortedBefore = <Kind extends AlgorithmKind>(kind: Kind, operations: readonly Operation<Kind>[]): Law<Kind> =>
  law({
    id: `${kind}.aborted-before`,
    kind,
    promise: 'A call whose signal is aborted already rejects with `signal.reason` itself.',
    effort: 0.5,
    property: (algorithm, { inputs }) =>
      fc.asyncProperty(named(operations), inputs.data, async (operation, sample) => {
        const input = await operation.input(algorithm, sample);
        if (input === undefined) return;
        const reason = new Error('a reason of the caller’s own');
        const outcome = await outcomeOf(() => operation.run(algorithm, input, { signal: AbortSignal.abort(reason) }));
        promised(!outcome.ok && outcome.error === reason, () => `${operation.name} with an aborted signal ${describeOutcome(outcome)}`);
      }),
  });

/** Long enough for a loaded machine, short enough to tell a call that never ends. */
const SOON_MS = 5000;

const abortedDuring = <Kind extends AlgorithmKind>(kind: Kind, operations: readonly Operation<Kind>[]): Law<Kind> =>
  law({
    id: `${kind}.aborted-during`,
    kind,
    promise: 'Aborted calls end soon and reject with `signal.reason` itself; a call that was done already gives its right result.',
    effort: 0.5,
    property: (algorithm, { inputs }) =>
      fc.asyncProperty(named(operations), inputs.data, fc.nat(3), async (operation, sample, turns) => {
        const input = await operation.input(algorithm, sample);
        if (input === undefined) return;
        const plain = await outcomeOf(() => operation.run(algorithm, input.slice()));
        if (!plain.ok) return;
        const controller = new AbortController();
        const running = outcomeOf(() => operation.run(algorithm, input.slice(), { signal: controller.signal }));
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        const reason = new Error('a reason of the caller’s own');
        controller.abort(reason);
        const outcome = await soon(running);
        promised(outcome !== undefined, () => `${operation.name} had not ended ${SOON_MS} ms after the abort`);
        if (!outcome.ok) {
          promised(outcome.error === reason, () => `an aborted ${operation.name} ${describeOutcome(outcome)}`);
          return;
        }
        const means = (output: Uint8Array) => outcomeOf(() => operation.meaning?.(algorithm, output) ?? output);
        expectSameBytes(`an aborted ${operation.name} that answered all the same`, await means(plain.value), await means(outcome.value));
      }),
  });

async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, SOON_MS, undefined);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const callsSideBySide = <Kind extends AlgorithmKind>(kind: Kind, operations: readonly Operation<Kind>[]): Law<Kind> =>
  law({
    id: `${kind}.calls-side-by-side`,
    kind,
    promise: 'Calls that are under way at once do not disturb each other.',
    effort: 0.5,
    property: (algorithm, { inputs }) =>
      fc.asyncProperty(named(operations), fc.array(inputs.data, { minLength: 2, maxLength: 6 }), async (operation, list) => {
        const given = await Promise.all(list.map((sample) => operation.input(algorithm, sample)));
        const all = given.filter((input) => input !== undefined);
        const run = (input: Uint8Array) => outcomeOf(() => operation.run(algorithm, input.slice()));
        const means = (output: Uint8Array) => operation.meaning?.(algorithm, output) ?? output;
        const together = await Promise.all(all.map(run));
        for (const [i, input] of all.entries()) {
          const alone = await run(input);
          const found = together[i] as typeof alone;
          const meaning = alone.ok ? await outcomeOf(() => means(alone.value)) : alone;
          const foundMeaning = found.ok ? await outcomeOf(() => means(found.value)) : found;
          expectSameBytes(`${operation.name} ${i} of ${all.length} at once`, meaning, foundMeaning);
        }
      }),
  });
