import fc from 'fast-check';
import { promised } from '../../broken-promise.js';
import { difference, sameBytes } from '../../bytes.js';
import { law } from '../../law.js';

/** Inputs up to here are compressed again with one byte changed: whoever remembers what was compressed must not take the one for the other. */
const ALIKE_BYTES = 4096;

export const roundTrip = law({
  id: 'codec.round-trip',
  kind: 'codec',
  promise: '`compress` returns data that `decompress` turns back into the bytes that were compressed.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, fc.nat(999), async (sample, permille) => {
      const check = async (data: Uint8Array, what: string) => {
        const back = await codec.decompress(await codec.compress(data.slice()));
        promised(sameBytes(data, back), () => `${what} is not what was compressed: ${difference(data, back)}`);
      };
      await check(sample.fresh(), 'what came back');
      if (sample.length === 0 || sample.length > ALIKE_BYTES) return;
      const other = sample.fresh();
      const at = Math.floor((other.length * permille) / 1000);
      other[at] = (other[at] as number) ^ 1;
      await check(other, `after an input that differs in byte ${at} alone, what came back`);
    }),
});

/** A law of its own, because a kernel may come to see only the last of several calls. */
export const scratchChangesNothing = law({
  id: 'codec.scratch-changes-nothing',
  kind: 'codec',
  promise: 'A scratch saves time and changes no result; it holds at most `maxBytes`.',
  effort: 0.5,
  property: (codec, { inputs, scratch }) =>
    fc.asyncProperty(fc.array(inputs.data, { minLength: 1, maxLength: 4 }), async (samples) => {
      const kept = scratch();
      for (const sample of samples) {
        const plain = await codec.compress(sample.fresh()).catch(() => undefined);
        if (plain === undefined) return;
        const meant = await codec.decompress(plain).catch(() => undefined);
        if (meant === undefined) return;
        const found = await codec.decompress(await codec.compress(sample.fresh(), { scratch: kept }), { scratch: kept });
        promised(sameBytes(meant, found), () => `with a scratch: ${difference(meant, found)}`);
        promised(kept.bytes <= kept.maxBytes, () => `the scratch holds ${kept.bytes} bytes, ${kept.maxBytes} are allowed`);
      }
    }),
});
