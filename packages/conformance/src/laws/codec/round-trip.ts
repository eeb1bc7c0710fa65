import fc from 'fast-check';
import { promised } from '../../broken-promise.js';
import { difference, sameBytes } from '../../bytes.js';
import { law } from '../../law.js';

export const roundTrip = law({
  id: 'codec.round-trip',
  kind: 'codec',
  promise: '`compress` returns data that `decompress` turns back into the bytes that were compressed.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, async (sample) => {
      const back = await codec.decompress(await codec.compress(sample.fresh()));
      promised(sameBytes(sample.fresh(), back), () => `what came back is not what was compressed: ${difference(sample.fresh(), back)}`);
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
