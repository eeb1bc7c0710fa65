import { type Algorithm, defineChunker, defineCodec, defineHash } from '@chunker/core';
import * as z from 'zod';
import type { LawSettings } from '../../src/index.js';
import { FOLD, Fold, fold } from './fold.js';
import { collecting } from './codecs-doors.js';
import { bodiesOf, encodeFrame, FRAMES, piecesOf } from './frames.js';
import { gearCutAll, gearCutter, options } from './gear.js';

const KEY = Uint8Array.from({ length: 16 }, (_, i) => 200 - i);

/** Plugins with nothing wrong: every law has to pass them. */
export const SOUND: readonly { readonly definition: Algorithm; readonly settings?: LawSettings }[] = [
  { definition: defineCodec({ name: 'frames', ...FRAMES }) },
  {
    definition: defineCodec({ name: 'copying', compress: (data) => data, decompress: (data) => data, guarantees: { deterministic: true, concatenable: true } }),
  },
  {
    definition: defineCodec({
      name: 'later',
      ...FRAMES,
      async compress(data) {
        await Promise.resolve();
        return encodeFrame(data);
      },
      decompress: async (data, options, call) => FRAMES.decompress(data, options, call),
    }),
  },
  {
    definition: defineCodec({
      name: 'two-kernels',
      options: z.strictObject({ level: z.int().min(1).max(9).default(6), name: z.string().default('') }),
      magicBytes: FRAMES.magicBytes,
      kernels: { platform: async () => FRAMES, js: async () => FRAMES },
    }),
    settings: { options: { level: 3 } },
  },
  { definition: defineCodec({ name: 'pulled', ...FRAMES, decompressor: (_options, call) => collecting((all) => piecesOf(bodiesOf(all, call))) }) },
  { definition: defineHash({ name: 'fold', ...FOLD }) },
  { definition: defineHash({ name: 'fold-later', digestLength: 8, hash: async (data) => fold(data), create: () => new Fold() }) },
  {
    definition: defineHash({
      name: 'fold-keyed',
      digestLength: 8,
      handles: { key: { description: 'a key', secret: true } },
      hash: (data, _options, { handles }) => fold(data, handles.key === undefined ? 0 : new DataView(fold(handles.key).buffer).getUint32(0)),
    }),
    settings: { handles: { key: KEY } },
  },
  {
    definition: defineHash({
      name: 'fold-seeded',
      ...FOLD,
      options: z.strictObject({ seed: z.int().min(0).default(0) }),
      hash: (data, { seed }) => fold(data, seed),
    }),
    settings: { options: { seed: 3 } },
  },
  { definition: defineHash({ name: 'one-byte', digestLength: 1, hash: (data) => fold(data).slice(0, 1) }) },
  {
    definition: defineChunker({ name: 'gear', options, profiles: { 'gear/1': { seed: 7 } }, cutter: ({ seed }) => gearCutter(seed) }),
    settings: { options: { seed: 5 } },
  },
  {
    definition: defineChunker({
      name: 'fixed',
      options: z.strictObject({ size: z.int().min(1).default(100) }),
      cutter: ({ size }) => ({ minSize: size, maxSize: size, nextCut: (window) => Math.min(size, window.length) }),
    }),
  },
  {
    definition: defineChunker({
      name: 'gear-all',
      options,
      cutter: () => ({
        ...gearCutter(),
        cutAll: async (window, isLast) => gearCutAll(window, isLast),
        cutAllSync: (window, isLast) => gearCutAll(window, isLast),
      }),
    }),
  },
];
