import { defineHash, HashingError, type HashState, type Ranges } from '@chunker/core';
import * as z from 'zod';
import { concat } from '../../src/bytes.js';
import { FOLD, Fold, fold } from './fold.js';
import type { BrokenPlugin } from './gallery.js';

/** A state that is `Fold`'s with something changed; without a clone of its own. */
const state = (changes: (inner: Fold) => Partial<HashState>): HashState => {
  const inner = new Fold();
  return { update: (data) => inner.update(data), digest: () => inner.digest(), ...changes(inner) };
};

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
const salts = new WeakMap<object, number>();
let taken = 0;
let shared = new Fold();
let current: Uint8Array = new Uint8Array();
const reused = new Uint8Array(8);

const remembered = new WeakMap<ArrayBufferLike, Map<string, Uint8Array>>();

function soundMany(buffer: Uint8Array, { lengths, offsets }: Ranges, output: Uint8Array): void {
  let running = 0;
  for (const [i, length] of lengths.entries()) {
    const at = offsets?.[i] ?? running;
    output.set(fold(buffer.subarray(at, at + length)), i * 8);
    running += length;
  }
}

const saltOf = (handles: object) => {
  if (!salts.has(handles)) salts.set(handles, taken++);
  return salts.get(handles) as number;
};

export const BROKEN_HASHES: readonly BrokenPlugin[] = [
  {
    fault: 'gives fewer bytes than digestLength says',
    definition: defineHash({ name: 'short', digestLength: 8, hash: (data) => fold(data).slice(0, 7) }),
    breaks: 'hash.every-input-has-a-digest',
  },
  {
    fault: 'refuses the empty input',
    definition: defineHash({
      name: 'picky',
      ...FOLD,
      hash(data) {
        if (data.length === 0) throw new HashingError('invalid_input', { name: 'data', value: 'empty' });
        return fold(data);
      },
    }),
    breaks: 'hash.every-input-has-a-digest',
  },
  {
    fault: 'seeds itself anew whenever it is taken',
    definition: defineHash({
      name: 'salted',
      ...FOLD,
      handles: { key: { description: 'a key' } },
      hash: (data, _options, { handles }) => fold(concat(handles.key ?? KEY, data), saltOf(handles)),
    }),
    settings: { handles: { key: KEY } },
    breaks: 'hash.determinism',
  },
  {
    fault: 'hashSync forgets the length',
    definition: defineHash({
      name: 'lengthless-twin',
      ...FOLD,
      hash: async (data) => fold(data),
      hashSync: (data) => fold(data).reverse(),
      create: () => state((inner) => ({ digestSync: () => inner.digest().reverse() })),
    }),
    breaks: 'hash.sync-equals-async',
  },
  {
    fault: 'has no room for the length behind 55 bytes',
    definition: defineHash({
      name: 'padding-badly',
      ...FOLD,
      hash: (data) => {
        if (data.length === 55) throw new RangeError('offset is out of bounds');
        return fold(data);
      },
    }),
    breaks: 'hash.every-input-has-a-digest',
  },
  {
    fault: 'its state drops a piece of exactly one byte',
    definition: defineHash({
      name: 'dropping',
      ...FOLD,
      create: () => state((inner) => ({ update: (data) => (data.length === 1 ? undefined : inner.update(data)) })),
    }),
    breaks: 'hash.incremental-equals-whole',
  },
  {
    fault: 'its state keeps the pieces and hashes them at the end',
    definition: defineHash({
      name: 'keeping-pieces',
      ...FOLD,
      create(): HashState {
        const pieces: Uint8Array[] = [];
        return { update: (data) => void pieces.push(data), digest: () => fold(concat(...pieces)) };
      },
    }),
    breaks: 'hash.pieces-are-not-kept',
  },
  {
    fault: 'clone gives the same state again',
    definition: defineHash({
      name: 'clinging',
      ...FOLD,
      create(): HashState {
        const inner = new Fold();
        const self: HashState = { update: (data) => inner.update(data), digest: () => inner.digest(), clone: () => self };
        return self;
      },
    }),
    breaks: 'hash.clone-is-independent',
  },
  {
    fault: 'create starts the one state anew that all share',
    definition: defineHash({
      name: 'communal',
      ...FOLD,
      create(): HashState {
        shared = new Fold();
        return { update: (data) => shared.update(data), digest: () => shared.digest(), clone: () => shared.clone() };
      },
    }),
    breaks: ['hash.states-are-apart', 'hash.calls-side-by-side'],
    because: 'the state and the hash that a law compares it with are under way at once',
  },
  {
    fault: 'hashMany takes the ranges for contiguous',
    definition: defineHash({
      name: 'gapless',
      ...FOLD,
      hashMany(buffer, { lengths }, output) {
        let at = 0;
        for (const [i, length] of lengths.entries()) {
          output.set(fold(buffer.subarray(at, at + length)), i * 8);
          at += length;
        }
      },
    }),
    breaks: 'hash.batch-equals-single',
  },
  {
    fault: 'looks at the first 64 bytes and the length',
    definition: defineHash({
      name: 'near-sighted',
      ...FOLD,
      hash: (data) => fold(concat(data.subarray(0, 64), new Uint8Array([data.length, data.length >> 8, data.length >> 16]))),
    }),
    breaks: 'hash.every-byte-matters',
  },
  {
    fault: 'pads with zeros to eight bytes and does not count them',
    definition: defineHash({
      name: 'padding',
      ...FOLD,
      hash(data) {
        const padded = new Uint8Array(Math.ceil(data.length / 8) * 8);
        padded.set(data);
        return fold(padded);
      },
    }),
    breaks: 'hash.every-byte-matters',
  },
  {
    fault: 'does not look at its key',
    definition: defineHash({ name: 'unkeyed', ...FOLD, handles: { key: { description: 'a key', secret: true } } }),
    settings: { handles: { key: KEY } },
    breaks: 'hash.handles-matter',
  },
  {
    fault: 'one kernel treats the last odd byte in another way',
    definition: defineHash({
      name: 'tail-apart',
      digestLength: 8,
      kernels: {
        platform: async () => ({ hash: (data) => fold(data) }),
        js: async () => ({ hash: (data) => fold(data, data.length % 2) }),
      },
    }),
    breaks: 'hash.kernels-agree',
  },
  {
    fault: 'gives the same array for every digest',
    definition: defineHash({
      name: 'one-array',
      ...FOLD,
      hash(data) {
        reused.set(fold(data));
        return reused;
      },
    }),
    breaks: ['hash.output-belongs-to-the-caller', 'hash.calls-side-by-side'],
    because: 'of calls side by side, each changes the results of those before it',
  },
  {
    fault: 'pads the input in place',
    definition: defineHash({
      name: 'padding-in-place',
      ...FOLD,
      hash(data) {
        const digest = fold(data);
        if (data.length > 0) data[data.length - 1] = 0x80;
        return digest;
      },
    }),
    breaks: 'hash.input-is-not-modified',
  },
  {
    fault: 'keeps its input in a shared variable over an await',
    definition: defineHash({
      name: 'sharing-hash',
      ...FOLD,
      async hash(data) {
        current = data;
        await Promise.resolve();
        return fold(current);
      },
    }),
    breaks: 'hash.calls-side-by-side',
  },
  {
    fault: 'remembers digests by the buffer they were made of',
    definition: defineHash({
      name: 'remembering-hash',
      ...FOLD,
      hash(data) {
        const places = remembered.get(data.buffer) ?? new Map<string, Uint8Array>();
        remembered.set(data.buffer, places);
        const place = `${data.byteOffset}+${data.length}`;
        const digest = places.get(place) ?? fold(data);
        places.set(place, digest);
        return digest.slice();
      },
    }),
    breaks: 'hash.input-is-not-kept',
  },
  {
    fault: 'reads from the start of the buffer instead of the start of the view',
    definition: defineHash({
      name: 'hash-at-zero',
      ...FOLD,
      hash: (data) => fold(new Uint8Array(data.buffer, 0, data.length)),
      // Its batch forms are sound: otherwise every batch in one buffer would show the fault, too.
      hashMany: soundMany,
      hashManySync: soundMany,
    }),
    breaks: 'hash.any-view',
  },
  {
    fault: 'has an option that no spec can hold',
    definition: defineHash({ name: 'unspeakable-hash', ...FOLD, options: z.strictObject({ steps: z.array(z.int()).default([]) }) }),
    settings: { options: { steps: [1, 2] } },
    breaks: 'hash.spec-reads-back',
  },
  {
    fault: 'its schema lets unknown options pass',
    definition: defineHash({ name: 'lenient-hash', ...FOLD, options: z.object({ seed: z.int().default(0) }) }),
    breaks: 'hash.bad-options-are-refused',
  },
  {
    fault: 'the default it names is not the one of its schema',
    definition: defineHash({
      name: 'otherwise-hash',
      ...FOLD,
      options: z.strictObject({ seed: z.int().default(0) }),
      defaults: { seed: 1 },
    }),
    breaks: 'hash.defaults-are-the-schemas',
  },
];
