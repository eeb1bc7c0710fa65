import { defineChunker } from '@chunker/core';
import * as z from 'zod';
import type { BrokenPlugin } from './gallery.js';
import { gearCut, gearCutAll, gearCutter, options, SIZES } from './gear.js';

const reused = new Uint32Array(1 << 12);
const remembered = new WeakMap<ArrayBufferLike, Map<string, number>>();

/** Cuts at `maxSize` only. */
const longest = (window: Uint8Array, isLast: boolean): Uint32Array => gearCutAll(window, isLast, (rest) => Math.min(SIZES.maxSize, rest.length));

/** Looks at the byte behind the longest chunk. */
const farCut = (window: Uint8Array): number => ((window[SIZES.maxSize] ?? 0) % 2 === 1 ? SIZES.minSize : gearCut(window));

function joined(window: Uint8Array, isLast: boolean): Uint32Array {
  const lengths = [...gearCutAll(window, isLast)];
  const both = (lengths.at(-1) ?? 0) + (lengths.at(-2) ?? 0);
  if (isLast && lengths.length > 1 && both <= SIZES.maxSize) lengths.splice(-2, 2, both);
  return Uint32Array.from(lengths);
}

export const BROKEN_CHUNKERS: readonly BrokenPlugin[] = [
  {
    fault: 'answers 0 where it finds no cut',
    definition: defineChunker({ name: 'indecisive', options, cutter: () => ({ ...SIZES, nextCut: (window) => (window.length < 5 ? 0 : gearCut(window)) }) }),
    breaks: 'chunker.covers-the-input',
  },
  {
    fault: 'answers a byte more than maxSize where it finds no cut',
    definition: defineChunker({
      name: 'late',
      options,
      cutter: () => ({
        ...SIZES,
        nextCut(window) {
          const length = gearCut(window);
          return length === SIZES.maxSize ? length + 1 : length;
        },
      }),
    }),
    breaks: 'chunker.covers-the-input',
  },
  {
    fault: 'cuts below its minSize',
    definition: defineChunker({ name: 'early', options, cutter: () => ({ ...SIZES, minSize: 40, nextCut: (window) => gearCut(window) }) }),
    breaks: 'chunker.covers-the-input',
  },
  {
    fault: 'cutAll cuts where the byte behind the reach says so',
    definition: defineChunker({
      name: 'far-sighted',
      options,
      cutter: () => ({
        ...gearCutter(),
        cutAll: (window, isLast) => gearCutAll(window, isLast, farCut),
        cutAllSync: (window, isLast) => gearCutAll(window, isLast, farCut),
      }),
    }),
    breaks: ['chunker.looks-no-further-than-reach', 'chunker.cut-all-equals-next-cut', 'chunker.stream-equals-whole'],
    because: 'core shows nextCut no more than its reach, and windows end there',
  },
  {
    fault: 'goes on with the hash of the chunk before where the next one follows in the same buffer',
    definition: defineChunker({
      name: 'carrying',
      options,
      cutter() {
        let last = 0;
        let place: ArrayBufferLike | undefined;
        let next = 0;
        return {
          ...SIZES,
          nextCut(window) {
            last = gearCut(window, window.buffer === place && window.byteOffset === next ? last : 0);
            place = window.buffer;
            next = window.byteOffset + last;
            return last;
          },
        };
      },
    }),
    breaks: ['chunker.carries-nothing-over', 'chunker.batch-equals-single', 'chunker.hints', 'chunker.stream-equals-whole'],
    because: 'in a batch, a window or behind a hint, a chunk has other neighbours in its buffer',
  },
  {
    fault: 'cutAll cuts at maxSize where nextCut cuts earlier',
    definition: defineChunker({
      name: 'two-minded',
      options,
      cutter: () => ({ ...gearCutter(), cutAll: longest, cutAllSync: longest }),
    }),
    breaks: 'chunker.cut-all-equals-next-cut',
  },
  {
    fault: 'cutAllSync cuts all of a window, also where more may follow',
    definition: defineChunker({
      name: 'hurried',
      options,
      cutter: () => ({ ...gearCutter(), cutAll: (window, isLast) => gearCutAll(window, isLast), cutAllSync: (window) => gearCutAll(window, true) }),
    }),
    breaks: 'chunker.push-equals-whole',
  },
  {
    fault: 'cutAllSync joins the two last chunks where they fit into one',
    definition: defineChunker({
      name: 'joining',
      options,
      cutter: () => ({ ...gearCutter(), cutAll: (window, isLast) => gearCutAll(window, isLast), cutAllSync: joined }),
    }),
    breaks: ['chunker.sync-equals-async', 'chunker.push-equals-whole', 'chunker.batch-equals-single'],
    because: 'pieces that are fed and synchronous batches are cut by it, too',
  },
  {
    fault: 'cutAll takes the end of a window for the end of the input',
    definition: defineChunker({
      name: 'ending-windows',
      options,
      cutter: () => ({ ...gearCutter(), cutAll: (window) => gearCutAll(window, true) }),
    }),
    breaks: 'chunker.stream-equals-whole',
  },
  {
    fault: 'fills its table with random numbers',
    definition: defineChunker({
      name: 'random-table',
      options,
      cutter() {
        const table = Uint32Array.from({ length: 256 }, () => Math.random() * 2 ** 32);
        return { ...SIZES, nextCut: (window) => gearCut(window, 0, table) };
      },
    }),
    breaks: 'chunker.determinism',
  },
  {
    fault: 'one kernel starts to look a byte later',
    definition: defineChunker({
      name: 'off-by-one',
      options,
      kernels: {
        platform: async () => ({ cutter: () => gearCutter() }),
        js: async () => ({ cutter: () => gearCutter(1 << 20) }),
      },
    }),
    breaks: 'chunker.kernels-agree',
  },
  {
    fault: 'a profile has parameters that its options refuse',
    definition: defineChunker({
      name: 'stale-profile',
      options,
      profiles: { 'stale/1': { seed: 0 }, 'stale/2': { seed: -1 } },
      cutter: ({ seed }) => gearCutter(seed),
    }),
    breaks: 'chunker.profiles',
  },
  {
    fault: 'the parameters of a profile can be changed',
    definition: defineChunker({
      name: 'soft-profile',
      options: z.strictObject({ seed: z.int().min(0).default(0) }).transform(
        ({ seed }) =>
          new (class Parameters {
            seed = seed;
          })(),
      ),
      profiles: { 'soft/1': { seed: 0 } },
      cutter: ({ seed }) => gearCutter(seed),
    }),
    breaks: 'chunker.profiles',
  },
  {
    fault: 'remembers cuts by the place in the buffer they were found at',
    definition: defineChunker({
      name: 'remembering-cuts',
      options,
      cutter: () => ({
        ...SIZES,
        nextCut(window) {
          const places = remembered.get(window.buffer) ?? new Map<string, number>();
          remembered.set(window.buffer, places);
          const place = `${window.byteOffset}+${window.length}`;
          const length = places.get(place) ?? gearCut(window);
          places.set(place, length);
          return length;
        },
      }),
    }),
    breaks: 'chunker.input-is-not-kept',
  },
  {
    fault: 'marks the start of each chunk',
    definition: defineChunker({
      name: 'guarding',
      options,
      cutter: () => ({
        ...SIZES,
        nextCut(window) {
          const length = gearCut(window);
          window[0] = 0;
          return length;
        },
      }),
    }),
    breaks: ['chunker.input-is-not-modified', 'chunker.payloads-are-the-bytes'],
    because: 'a payload is a view of the input',
  },
  {
    fault: 'aims at a size below its minSize',
    definition: defineChunker({ name: 'low-aim', options, cutter: () => ({ ...gearCutter(), targetSize: 8 }) }),
    breaks: 'chunker.sizes-are-sane',
  },
  {
    fault: 'cutAll gives the same array each time',
    definition: defineChunker({
      name: 'one-list',
      options,
      cutter: () => ({
        ...gearCutter(),
        cutAll(window, isLast) {
          const lengths = gearCutAll(window, isLast);
          reused.set(lengths);
          return reused.subarray(0, lengths.length);
        },
      }),
    }),
    breaks: ['chunker.output-belongs-to-the-caller', 'chunker.calls-side-by-side'],
    because: 'of calls side by side, each changes the results of those before it',
  },
  {
    fault: 'cutAll keeps its window in a shared variable over an await',
    definition: defineChunker({
      name: 'sharing-cutter',
      options,
      cutter() {
        let current: Uint8Array;
        return {
          ...gearCutter(),
          async cutAll(window, isLast) {
            current = window;
            await Promise.resolve();
            return gearCutAll(current, isLast);
          },
        };
      },
    }),
    breaks: 'chunker.calls-side-by-side',
  },
  {
    fault: 'its push form takes the end of a piece for the end of the data',
    definition: defineChunker({
      name: 'ending-with-pieces',
      options,
      cutter: () => ({
        ...gearCutter(),
        open() {
          let rest = new Uint8Array();
          return {
            push(bytes) {
              const all = Uint8Array.from([...rest, ...bytes]);
              const lengths = gearCutAll(all, true);
              const short = (lengths.at(-1) ?? SIZES.minSize) < SIZES.minSize;
              rest = all.slice(all.length - (short ? (lengths.at(-1) as number) : 0));
              return short ? lengths.subarray(0, -1) : lengths;
            },
            finish: () => gearCutAll(rest, true),
          };
        },
      }),
    }),
    breaks: 'chunker.push-equals-whole',
  },
  {
    fault: 'has an option that no spec can hold',
    definition: defineChunker({
      name: 'unspeakable-chunker',
      options: z.strictObject({ seeds: z.array(z.int()).default([0]) }),
      cutter: ({ seeds }) => gearCutter(seeds[0]),
    }),
    settings: { options: { seeds: [4] } },
    breaks: 'chunker.spec-reads-back',
  },
  {
    fault: 'its schema lets unknown parameters pass',
    definition: defineChunker({ name: 'lenient-chunker', options: z.object({ seed: z.int().default(0) }), cutter: ({ seed }) => gearCutter(seed) }),
    breaks: 'chunker.bad-options-are-refused',
  },
  {
    fault: 'the default it names is not the one of its schema',
    definition: defineChunker({
      name: 'otherwise-chunker',
      options: z.strictObject({ seed: z.int().default(0) }),
      defaults: { seed: 1 },
      cutter: () => gearCutter(),
    }),
    breaks: 'chunker.defaults-are-the-schemas',
  },
];
