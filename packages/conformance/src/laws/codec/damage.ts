import { type Codec, isChunkerError } from '@chunker/core';
import fc from 'fast-check';
import { BrokenPromise, promised } from '../../broken-promise.js';
import { concat, difference, sameBytes } from '../../bytes.js';
import { realDamages, trailers } from '../../inputs/damage.js';
import type { Sample } from '../../inputs/sample.js';
import { law } from '../../law.js';
import { codeOf, describeOutcome, expectSameBytes, outcomeOf } from '../../outcome.js';
import { collect, packed } from './operations.js';

/** Positions to look at: all of them in short data, both ends and a walk through the middle of long data. */
function positions(length: number, most: number): number[] {
  const step = Math.max(1, Math.floor(length / most));
  return Array.from({ length }, (_, i) => i).filter((at) => at < 24 || at >= length - 24 || at % step === 0);
}

export const truncationIsRefused = law({
  id: 'codec.truncation',
  kind: 'codec',
  promise: '`detectsTruncation`: data cut anywhere inside are refused.',
  applies: (codec) => codec.guarantees.detectsTruncation === true,
  effort: 0.5,
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.short, async (sample) => {
      const data = await packed(codec, sample);
      if (data === undefined) return;
      for (const at of positions(data.length, 80)) {
        const outcome = await outcomeOf(() => codec.decompress(data.slice(0, at)));
        promised(!outcome.ok, () => `cut to ${at} of ${data.length} bytes, the data still ${describeOutcome(outcome)}`);
      }
    }),
});

export const flipsAreRefused = law({
  id: 'codec.bit-flips',
  kind: 'codec',
  promise: '`detectsCorruption`: changed bits are refused, or change nothing.',
  applies: (codec) => codec.guarantees.detectsCorruption === true,
  effort: 0.5,
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.short, fc.nat(7), async (sample, bit) => {
      const data = await packed(codec, sample);
      const plain = data && (await outcomeOf(() => codec.decompress(data.slice())));
      if (data === undefined || !plain?.ok) return;
      for (const at of positions(data.length, 80)) {
        const changed = data.slice();
        changed[at] = (changed[at] as number) ^ (1 << bit);
        const outcome = await outcomeOf(() => codec.decompress(changed));
        if (!outcome.ok || sameBytes(outcome.value, plain.value)) continue;
        throw new BrokenPromise(`with bit ${bit} of byte ${at} of ${data.length} flipped: ${difference(plain.value, outcome.value)}`);
      }
    }),
});

export const trailingData = law({
  id: 'codec.trailing-data',
  kind: 'codec',
  promise: 'Bytes after the end of the data are refused, as `trailing_data` where the format knows its end; with `allowTrailing` they are left alone.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, trailers(), async (sample, tail) => {
      const data = await packed(codec, sample);
      const plain = data && (await outcomeOf(() => codec.decompress(data.slice())));
      if (data === undefined || !plain?.ok) return;
      const longer = concat(data, tail);
      const strict = await outcomeOf(() => codec.decompress(longer.slice()));
      if (strict.ok) {
        promised(!sameBytes(strict.value, plain.value), () => `${tail.length} bytes behind the end of the data went unnoticed`);
      } else if (isChunkerError(strict.error, 'trailing_data')) {
        const told = strict.error.details.trailingBytes;
        promised(told === undefined || told <= longer.length, () => `it tells of ${told} trailing bytes, ${tail.length} were there`);
        expectSameBytes('with allowTrailing', plain, await outcomeOf(() => codec.decompress(longer.slice(), { allowTrailing: true })));
      }
    }),
});

/** One in so many inputs is a stream of several windows, because such inputs are dear. */
const LONG_EVERY = 40;

export const concatenation = law({
  id: 'codec.concatenation',
  kind: 'codec',
  promise: '`concatenable`: compressed pieces one behind the other decompress to the inputs one behind the other.',
  applies: (codec) => codec.guarantees.concatenable === true,
  property: (codec, { inputs }) =>
    fc.asyncProperty(fc.array(inputs.data, { minLength: 2, maxLength: 4 }), inputs.long, fc.nat(LONG_EVERY), async (samples, long, turn) => {
      if (turn === LONG_EVERY) await expectMembers(codec, long);
      else await expectJoined(codec, samples, turn % 2 === 0);
    }),
});

async function expectJoined(codec: Codec, samples: readonly Sample[], streamed: boolean): Promise<void> {
  const parts: Uint8Array[] = [];
  const plain: Uint8Array[] = [];
  for (const sample of samples) {
    const data = await packed(codec, sample);
    const back = data && (await outcomeOf(() => codec.decompress(data.slice())));
    if (data === undefined || !back?.ok) return;
    parts.push(data);
    plain.push(back.value);
  }
  const joined = concat(...parts);
  const found = await outcomeOf(() => (streamed ? collect(codec.decompressStream([joined])) : codec.decompress(joined)));
  expectSameBytes(`${samples.length} pieces one behind the other`, { ok: true, value: concat(...plain) }, found);
}

/** Of a codec without a push form, core compresses longer streams window by window, and leans on the promise. */
async function expectMembers(codec: Codec, long: Sample): Promise<void> {
  const whole = await outcomeOf(async () => codec.decompress(await codec.compress(long.fresh())));
  const found = await outcomeOf(async () => codec.decompress(await collect(codec.compressStream([long.fresh()]))));
  if (whole.ok) expectSameBytes(`a stream of ${long.length} bytes`, whole, found);
}

/** Codes that say that the plugin failed, where the data should have been said to be at fault. */
const PLUGIN_AT_FAULT = ['plugin_failed', 'native_panic', 'out_of_memory', 'sync_unavailable'];

export const errorsAreTyped = law({
  id: 'codec.errors-are-typed',
  kind: 'codec',
  promise: '`decompress` refuses what it cannot read by one of core’s errors: anything else that it throws is `plugin_failed`.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, realDamages(), async (sample, damage) => {
      const data = await packed(codec, sample);
      if (data === undefined) return;
      const outcome = await outcomeOf(() => codec.decompress(damage.apply(data)));
      if (outcome.ok) return;
      const typed = isChunkerError(outcome.error) && !PLUGIN_AT_FAULT.includes(codeOf(outcome.error));
      promised(typed, () => `data ${damage}: decompress ${describeOutcome(outcome)}`);
    }),
});
