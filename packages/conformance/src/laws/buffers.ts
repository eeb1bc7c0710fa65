import type { AlgorithmKind } from '@chunker/core';
import fc from 'fast-check';
import { promised } from '../broken-promise.js';
import { difference, sameBytes, scribble } from '../bytes.js';
import { oddViews } from '../inputs/views.js';
import type { Faces, Law } from '../law.js';
import { law } from '../law.js';
import { type Operation, usable } from '../operations.js';
import { codeOf, describeOutcome, expectSameBytes, outcomeOf } from '../outcome.js';

/** Who owns which bytes: the same laws for the doors of every kind. */
export function bufferLaws<Kind extends AlgorithmKind>(kind: Kind, operations: readonly Operation<Kind>[]): Law<Kind>[] {
  return [
    inputStays(kind, operations),
    inputIsNotKept(kind, operations),
    outputIsTheCallers(kind, operations),
    anyView(kind, operations),
    bytesOnly(kind, operations),
  ];
}

const anyOf = <Kind extends AlgorithmKind>(operations: readonly Operation<Kind>[], algorithm: Faces[Kind]) =>
  fc.constantFrom(...usable(operations, algorithm).map((operation) => named(operation)));

/** An operation that prints as its name in a counterexample. */
function named<Kind extends AlgorithmKind>(operation: Operation<Kind>): Operation<Kind> & { [fc.toStringMethod](): string } {
  return { ...operation, [fc.toStringMethod]: () => operation.name };
}

async function meaningOf<Kind extends AlgorithmKind>(operation: Operation<Kind>, algorithm: Faces[Kind], output: Uint8Array) {
  return operation.meaning === undefined ? output : operation.meaning(algorithm, output);
}

const inputStays = <Kind extends AlgorithmKind>(kind: Kind, operations: readonly Operation<Kind>[]): Law<Kind> =>
  law({
    id: `${kind}.input-is-not-modified`,
    kind,
    promise: 'Input is never modified.',
    property: (algorithm, { inputs }) =>
      fc.asyncProperty(anyOf(operations, algorithm), inputs.data, async (operation, sample) => {
        const input = await operation.input(algorithm, sample);
        if (input === undefined) return;
        const before = input.slice();
        await outcomeOf(() => operation.run(algorithm, input));
        promised(sameBytes(before, input), () => `${operation.name} changed its input: ${difference(before, input)}`);
      }),
  });

const inputIsNotKept = <Kind extends AlgorithmKind>(kind: Kind, operations: readonly Operation<Kind>[]): Law<Kind> =>
  law({
    id: `${kind}.input-is-not-kept`,
    kind,
    promise: 'Input is never kept: after the call the buffer is the caller’s to overwrite.',
    property: (algorithm, { inputs }) =>
      fc.asyncProperty(anyOf(operations, algorithm), inputs.data, inputs.data, async (operation, first, second) => {
        const input = await operation.input(algorithm, first);
        const next = await operation.input(algorithm, second);
        if (input === undefined || next === undefined) return;
        const alone = await outcomeOf(async () => meaningOf(operation, algorithm, await operation.run(algorithm, next.slice())));
        // One buffer for both calls, as a reader with a ring of slabs has it.
        const shared = new Uint8Array(Math.max(input.length, next.length));
        shared.set(input);
        const one = await outcomeOf(() => operation.run(algorithm, shared.subarray(0, input.length)));
        if (!one.ok) return;
        const copy = one.value.slice();
        scribble(shared);
        promised(
          sameBytes(copy, one.value),
          () => `writing over the input of ${operation.name} after the call changed its result: ${difference(copy, one.value)}`,
        );
        const run = async (length: number) =>
          outcomeOf(async () => meaningOf(operation, algorithm, await operation.run(algorithm, shared.subarray(0, length))));
        const changed = shared.slice(0, input.length);
        const fresh = await outcomeOf(async () => meaningOf(operation, algorithm, await operation.run(algorithm, changed)));
        expectSameBytes(`${operation.name} of a buffer that was written over in place`, fresh, await run(input.length));
        shared.set(next);
        const two = await run(next.length);
        expectSameBytes(`${operation.name} of a buffer that was used before with other content`, alone, two);
      }),
  });

const outputIsTheCallers = <Kind extends AlgorithmKind>(kind: Kind, operations: readonly Operation<Kind>[]): Law<Kind> =>
  law({
    id: `${kind}.output-belongs-to-the-caller`,
    kind,
    promise: 'Output belongs to the caller: later calls do not change it, and writing to it changes no later result.',
    property: (algorithm, { inputs }) =>
      fc.asyncProperty(anyOf(operations, algorithm), inputs.data, inputs.data, async (operation, first, second) => {
        const input = await operation.input(algorithm, first);
        const other = await operation.input(algorithm, second);
        if (input === undefined || other === undefined) return;
        const one = await outcomeOf(() => operation.run(algorithm, input.slice()));
        if (!one.ok) return;
        const copy = one.value.slice();
        await outcomeOf(() => operation.run(algorithm, other.slice()));
        promised(sameBytes(copy, one.value), () => `a second ${operation.name} changed the result of the first: ${difference(copy, one.value)}`);
        const meaning = await outcomeOf(() => meaningOf(operation, algorithm, copy));
        scribble(one.value);
        const again = await outcomeOf(async () => meaningOf(operation, algorithm, await operation.run(algorithm, input.slice())));
        expectSameBytes(`${operation.name} after its earlier result was written over`, meaning, again);
      }),
  });

const anyView = <Kind extends AlgorithmKind>(kind: Kind, operations: readonly Operation<Kind>[]): Law<Kind> =>
  law({
    id: `${kind}.any-view`,
    kind,
    promise: 'Bytes are `Uint8Array`s of any kind: views at odd offsets, Buffers, empty ones, those of another realm.',
    property: (algorithm, { inputs }) =>
      fc.asyncProperty(anyOf(operations, algorithm), inputs.data, oddViews(), async (operation, sample, view) => {
        const input = await operation.input(algorithm, sample);
        if (input === undefined) return;
        const run = (bytes: Uint8Array) => outcomeOf(async () => meaningOf(operation, algorithm, await operation.run(algorithm, bytes)));
        const found = await run(view.of(input));
        if (!found.ok && view.refusable && codeOf(found.error) === 'invalid_input') return;
        expectSameBytes(`${operation.name} of ${view}`, await run(input), found);
      }),
  });

const NO_BYTES: readonly unknown[] = [undefined, null, 7, 'text', {}, [1, 2, 3], new DataView(new ArrayBuffer(8)), new Float64Array(2), new ArrayBuffer(8)];

const bytesOnly = <Kind extends AlgorithmKind>(kind: Kind, operations: readonly Operation<Kind>[]): Law<Kind> =>
  law({
    id: `${kind}.bytes-only`,
    kind,
    promise: 'What is no `Uint8Array` is refused as `invalid_input`.',
    property: (algorithm) =>
      fc.asyncProperty(anyOf(operations, algorithm), fc.constantFrom(...NO_BYTES), async (operation, value) => {
        const outcome = await outcomeOf(() => operation.run(algorithm, value as Uint8Array));
        promised(!outcome.ok && codeOf(outcome.error) === 'invalid_input', () => `${operation.name} of ${fc.stringify(value)} ${describeOutcome(outcome)}`);
      }),
  });
