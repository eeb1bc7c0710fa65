import fc from 'fast-check';
import { BrokenPromise, promised } from '../../broken-promise.js';
import { concat, difference, hexOf, sameBytes } from '../../bytes.js';
import { batchOf, FORMS } from '../../inputs/batches.js';
import { kernelsOf } from '../../inputs/kernels.js';
import { Sample } from '../../inputs/sample.js';
import { law } from '../../law.js';
import { codeOf, describeOutcome, expectSameBytes, expectSameOutcome, outcomeOf } from '../../outcome.js';

/** Lengths of one run, and how many such groups there are: hashes pad their last block, and some lengths fit it badly (55, 111, 119 bytes, say), which chance would rarely try. */
const GROUP = 16;
const GROUPS = 18;

/** Short inputs, one of each length of a group. */
const everyLength = () => fc.nat(GROUPS - 1).map((group) => Array.from({ length: GROUP }, (_, index) => Sample.recipe('ascending', group * GROUP + index, 0)));

export const everyInputHasADigest = law({
  id: 'hash.every-input-has-a-digest',
  kind: 'hash',
  promise: 'Returns `digestLength` bytes for every input; a hash refuses no bytes.',
  property: (hash, { inputs }) =>
    fc.asyncProperty(inputs.data, everyLength(), async (given, group) => {
      for (const sample of [given, ...group]) {
        const outcome = await outcomeOf(() => hash.hash(sample.fresh()));
        if (!outcome.ok) throw new BrokenPromise(`hash of ${sample.length} bytes ${describeOutcome(outcome)}`);
        promised(outcome.value.length === hash.digestLength, () => `${outcome.value.length} bytes of digest, digestLength is ${hash.digestLength}`);
      }
    }),
});

export const sameInputSameDigest = law({
  id: 'hash.determinism',
  kind: 'hash',
  promise: 'The digest depends on `data`, the options and the handles alone: the same give the same, whatever was hashed before.',
  property: (hash, { inputs, take }) =>
    fc.asyncProperty(inputs.data, inputs.data, async (sample, between) => {
      const first = await outcomeOf(() => hash.hash(sample.fresh()));
      await outcomeOf(() => hash.hash(between.fresh()));
      expectSameBytes('the same input hashed again', first, await outcomeOf(() => hash.hash(sample.fresh())));
      expectSameBytes('the same input in a new taking', first, await outcomeOf(async () => (await take()).hash(sample.fresh())));
    }),
});

export const hashSyncEqualsAsync = law({
  id: 'hash.sync-equals-async',
  kind: 'hash',
  promise: 'A `Sync` twin gives what the asynchronous method gives.',
  applies: (hash) => hash.capabilities.sync,
  property: (hash, { inputs }) =>
    fc.asyncProperty(inputs.data, async (sample) => {
      const plain = await outcomeOf(() => hash.hash(sample.fresh()));
      expectSameOutcome('hashSync', plain, await outcomeOf(() => hash.hashSync(sample.fresh())));
    }),
});

export const hashSyncIsRefused = law({
  id: 'hash.sync-is-refused-where-absent',
  kind: 'hash',
  promise: 'Where a method returns a promise, its `Sync` twin throws `sync_unavailable`.',
  applies: (hash) => !hash.capabilities.sync,
  effort: 0.2,
  property: (hash, { inputs }) =>
    fc.asyncProperty(inputs.short, async (sample) => {
      const outcome = await outcomeOf(() => hash.hashSync(sample.fresh()));
      promised(!outcome.ok && codeOf(outcome.error) === 'sync_unavailable', () => `hashSync ${describeOutcome(outcome)}`);
    }),
});

/** Below this many bytes of digest two inputs collide by chance often enough to be seen. */
const TELLING_BYTES = 4;
/** From here on the length tells, too. A CRC-32, sound as it is, does not see zeros behind four bytes of ones: they leave its register at zero. */
const LENGTH_TELLING_BYTES = 8;

export const everyByteMatters = law({
  id: 'hash.every-byte-matters',
  kind: 'hash',
  promise: 'A digest depends on every byte: a changed bit gives another digest and, of eight bytes and more, so does an added or missing byte.',
  applies: (hash) => hash.digestLength >= TELLING_BYTES,
  property: (hash, { inputs }) =>
    fc.asyncProperty(inputs.data, fc.nat(999), fc.nat(7), async (sample, share, bit) => {
      const bytes = sample.fresh();
      const plain = await outcomeOf(() => hash.hash(bytes.slice()));
      if (!plain.ok) return;
      const at = Math.floor((bytes.length * share) / 1000);
      const digest = plain.value.slice();
      for (const [name, changed] of changesOf(bytes, at, bit, hash.digestLength >= LENGTH_TELLING_BYTES)) {
        const other = await outcomeOf(() => hash.hash(changed));
        promised(!other.ok || !sameBytes(digest, other.value), () => `${name}, the digest is still ${hexOf(digest, 8)}`);
      }
    }),
});

function* changesOf(bytes: Uint8Array, at: number, bit: number, lengths: boolean): Generator<readonly [string, Uint8Array]> {
  if (bytes.length > 0) {
    const flipped = bytes.slice();
    flipped[at] = (flipped[at] as number) ^ (1 << bit);
    yield [`with bit ${bit} of byte ${at} of ${bytes.length} flipped`, flipped];
  }
  if (!lengths) return;
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  yield ['with a zero byte added at the end', longer];
  if (bytes.length > 0) yield ['with the last byte gone', bytes.slice(0, -1)];
}

export const handlesMatter = law({
  id: 'hash.handles-matter',
  kind: 'hash',
  promise: 'The digest depends on the handles: another key gives another digest.',
  applies: (hash, { handles }) => hash.digestLength >= TELLING_BYTES && Object.values(handles).some((bytes) => bytes.length > 0),
  effort: 0.5,
  property: (hash, { inputs, handles, take }) =>
    fc.asyncProperty(inputs.data, fc.constantFrom(...Object.keys(handles)), fc.nat(999), async (sample, name, share) => {
      const key = (handles[name] as Uint8Array).slice();
      if (key.length === 0) return;
      const at = Math.floor((key.length * share) / 1000);
      key[at] = (key[at] as number) ^ 1;
      const other = await outcomeOf(() => take({ handles: { ...handles, [name]: key } }));
      if (!other.ok) return;
      const one = await outcomeOf(() => hash.hash(sample.fresh()));
      const two = await outcomeOf(() => other.value.hash(sample.fresh()));
      promised(!one.ok || !two.ok || !sameBytes(one.value, two.value), () => `byte ${at} of ${name} changes nothing`);
    }),
});

export const hashKernelsAgree = law({
  id: 'hash.kernels-agree',
  kind: 'hash',
  promise: 'Every kernel gives the same digests.',
  applies: (_hash, { others }) => others.length > 0,
  property: (hash, { inputs, others }) =>
    fc.asyncProperty(inputs.data, everyLength(), kernelsOf(others), async (given, group, other) => {
      for (const sample of [given, ...group]) {
        const mine = await outcomeOf(() => hash.hash(sample.fresh()));
        expectSameBytes(`the ${other.kernel} kernel, ${sample.length} bytes`, mine, await outcomeOf(() => other.hash(sample.fresh())));
      }
    }),
});

export const batchEqualsSingle = law({
  id: 'hash.batch-equals-single',
  kind: 'hash',
  promise: '`hashMany` writes the digest of range i at `i * digestLength`: all digests in order, each as `hash` gives it.',
  property: (hash, { inputs }) =>
    fc.asyncProperty(fc.array(inputs.data, { maxLength: 12 }), FORMS, fc.boolean(), async (samples, form, sync) => {
      const batch = batchOf(
        form,
        samples.map((sample) => sample.fresh()),
      );
      const twin = sync && hash.capabilities.sync;
      const single = (sample: Sample) => (twin ? hash.hashSync(sample.fresh()) : hash.hash(sample.fresh()));
      const digests: Uint8Array[] = [];
      for (const sample of samples) {
        const digest = await outcomeOf(() => single(sample));
        if (!digest.ok) return;
        digests.push(digest.value.slice());
      }
      const singles = concat(...digests);
      const many = await outcomeOf(() => (twin ? hash.hashManySync(batch) : hash.hashMany(batch)));
      if (!many.ok) throw new BrokenPromise(`hashMany ${describeOutcome(many)}`);
      promised(sameBytes(singles, many.value), () => `${samples.length} inputs, ${form}: ${difference(singles, many.value)}`);
    }),
});
