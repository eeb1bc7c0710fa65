import { isChunkerError } from '@chunker/core';
import fc from 'fast-check';
import { BrokenPromise, promised } from '../../broken-promise.js';
import { damages } from '../../inputs/damage.js';
import { law } from '../../law.js';
import { codeOf, describeOutcome, expectSameBytes, expectSameOutcome, outcomeOf } from '../../outcome.js';
import { meaningOf, packed, roomFor } from './operations.js';

export const syncEqualsAsync = law({
  id: 'codec.sync-equals-async',
  kind: 'codec',
  promise: 'A `Sync` twin gives what the asynchronous method gives, errors included.',
  applies: (codec) => codec.capabilities.sync,
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, damages(), async (sample, damage) => {
      const one = await outcomeOf(() => codec.compress(sample.fresh()));
      const two = await outcomeOf(() => codec.compressSync(sample.fresh()));
      expectSameBytes('compressSync', await meaningOf(codec, one), await meaningOf(codec, two));
      if (!one.ok) return;
      const data = damage.apply(one.value);
      expectSameOutcome('decompressSync', await outcomeOf(() => codec.decompress(data.slice())), await outcomeOf(() => codec.decompressSync(data.slice())));
    }),
});

export const syncIsRefusedWhereAbsent = law({
  id: 'codec.sync-is-refused-where-absent',
  kind: 'codec',
  promise: 'Where a method returns a promise, its `Sync` twin throws `sync_unavailable`.',
  applies: (codec) => !codec.capabilities.sync,
  effort: 0.2,
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.short, async (sample) => {
      const outcome = await outcomeOf(() => codec.compressSync(sample.fresh()));
      promised(!outcome.ok && codeOf(outcome.error) === 'sync_unavailable', () => `compressSync ${describeOutcome(outcome)}`);
    }),
});

/** The bytes that an `Into` door wrote, out of a buffer of `room` bytes. */
async function written(room: number, write: (output: Uint8Array) => number | Promise<number>): Promise<Uint8Array> {
  const output = new Uint8Array(room);
  const length = await write(output);
  if (!Number.isInteger(length) || length < 0 || length > room) throw new BrokenPromise(`it answered ${length} for an output of ${room} bytes`);
  return output.subarray(0, length);
}

export const intoEqualsPlain = law({
  id: 'codec.into-equals-plain',
  kind: 'codec',
  promise: '`compressInto` and `decompressInto` write to the start of `output` and return the bytes written; an output of exactly the right size is enough.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, fc.nat(20), fc.boolean(), async (sample, spare, sync) => {
      const twin = sync && codec.capabilities.sync;
      const plain = await outcomeOf(() => (twin ? codec.compressSync(sample.fresh()) : codec.compress(sample.fresh())));
      if (!plain.ok) return;
      const room = roomFor(codec, sample.length) + spare;
      const packing = (output: Uint8Array) => (twin ? codec.compressIntoSync(sample.fresh(), output) : codec.compressInto(sample.fresh(), output));
      const found = await outcomeOf(() => written(room, packing));
      expectSameBytes('compressInto', await meaningOf(codec, plain), await meaningOf(codec, found));
      const data = plain.value;
      const back = await outcomeOf(() => (twin ? codec.decompressSync(data.slice()) : codec.decompress(data.slice())));
      if (!back.ok) return;
      const opening = (output: Uint8Array) => (twin ? codec.decompressIntoSync(data.slice(), output) : codec.decompressInto(data.slice(), output));
      expectSameBytes('decompressInto', back, await outcomeOf(() => written(back.value.length + spare, opening)));
    }),
});

export const tooSmallIsTyped = law({
  id: 'codec.output-too-small',
  kind: 'codec',
  promise: 'Where the result does not fit, `…Into` fails with `output_too_small`; `needed` is told only where it is enough.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, fc.nat(999), fc.boolean(), async (sample, share, opening) => {
      const data = await packed(codec, sample);
      const back = data && (await outcomeOf(() => codec.decompress(data.slice())));
      if (data === undefined || !back?.ok) return;
      // Another compressed form may be shorter, so compressing is tried with no room at all; every format but the emptiest needs a byte.
      const needed = opening ? back.value.length : Math.min(data.length, 1);
      if (needed === 0) return;
      const room = Math.floor((needed * share) / 1000);
      const run = (output: Uint8Array) => (opening ? codec.decompressInto(data.slice(), output) : codec.compressInto(sample.fresh(), output));
      const door = opening ? 'decompressInto' : 'compressInto';
      const outcome = await outcomeOf(() => run(new Uint8Array(room)));
      if (outcome.ok || !isChunkerError(outcome.error, 'output_too_small')) {
        throw new BrokenPromise(`${door} with ${room} bytes of room, ${needed} being needed, ${describeOutcome(outcome)}`);
      }
      const told = outcome.error.details.needed;
      if (told === undefined) return;
      const enough = await outcomeOf(() => run(new Uint8Array(told)));
      promised(enough.ok, () => `${door} said that ${told} bytes are needed; with them it ${describeOutcome(enough)}`);
    }),
});

/** Stands around and behind the output; anything else there was written by the codec. */
const FILL = 0xa5;

export const staysWithinOutput = law({
  id: 'codec.into-leaves-the-rest',
  kind: 'codec',
  promise: 'What lies behind the bytes written stays as it was or is zero, and nothing outside the view is touched, also where the call fails.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, damages(), fc.nat(40), fc.boolean(), async (sample, damage, spare, opening) => {
      const data = await packed(codec, sample);
      const back = data && (await outcomeOf(() => codec.decompress(data.slice())));
      if (data === undefined || !back?.ok) return;
      const room = Math.max(0, (opening ? back.value.length : roomFor(codec, sample.length)) + spare - 20);
      const whole = new Uint8Array(room + 32).fill(FILL);
      const output = whole.subarray(16, 16 + room);
      const outcome = await outcomeOf(() => (opening ? codec.decompressInto(damage.apply(data), output) : codec.compressInto(sample.fresh(), output)));
      const outside = [...whole.subarray(0, 16), ...whole.subarray(16 + room)];
      promised(
        outside.every((byte) => byte === FILL),
        () => 'it wrote outside the view it was given',
      );
      if (!outcome.ok) return;
      const at = output.findIndex((byte, i) => i >= outcome.value && byte !== FILL && byte !== 0);
      promised(at === -1, () => `it returned ${outcome.value} and left ${output[at]} at offset ${at} of the output`);
    }),
});
