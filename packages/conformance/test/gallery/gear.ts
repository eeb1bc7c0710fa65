import type { Cutter } from '@chunker/core';
import * as z from 'zod';

/** A sound little content-defined chunker for the gallery, with sizes small enough to see many cuts in short inputs. */
export const SIZES = { minSize: 32, targetSize: 96, maxSize: 256 } as const;

const TABLE = Uint32Array.from({ length: 256 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) ^ (Math.imul(i + 7, 0x85ebca6b) >>> 11));
const MASK = 0xfc00_0000;

/** The length of the chunk that starts at the window's first byte. */
export function gearCut(window: Uint8Array, seed = 0, table: Uint32Array = TABLE): number {
  const end = Math.min(SIZES.maxSize, window.length);
  let hash = seed;
  for (let i = Math.min(SIZES.minSize, end); i < end; i++) {
    hash = ((hash << 1) + (table[window[i] as number] as number)) | 0;
    if ((hash & MASK) === 0) return i + 1;
  }
  return end;
}

export const options = z.strictObject({ seed: z.int().min(0).max(1000).default(0) });

/** The sound cutter, to be spread and spoilt. */
export const gearCutter = (seed = 0): Cutter => ({ ...SIZES, nextCut: (window) => gearCut(window, seed) });

/** What `cutAll` owes: the chunks that further bytes cannot change, and with `isLast` all. */
export function gearCutAll(window: Uint8Array, isLast: boolean, cut: (window: Uint8Array) => number = gearCut): Uint32Array {
  const lengths: number[] = [];
  for (let at = 0; at < window.length && (isLast || window.length - at >= SIZES.maxSize); at += lengths.at(-1) as number)
    lengths.push(cut(window.subarray(at)));
  return Uint32Array.from(lengths);
}
