import { defineChunker } from '@chunker/core';
import * as z from 'zod';

/** Cuts behind the last line break before `max`, and at `max` where a line is longer. */
export const lines = defineChunker({
  name: 'lines',
  options: z
    .strictObject({ min: z.int().min(1).default(64), max: z.int().min(1).default(4096) })
    .refine(({ min, max }) => min <= max, { path: ['max'], message: 'max is below min' }),
  profiles: { 'lines/1': { min: 64, max: 4096 } },
  cutter: ({ min, max }) => ({
    minSize: min,
    maxSize: max,
    nextCut(window) {
      const end = Math.min(max, window.length);
      const cut = window.lastIndexOf(0x0a, end - 1) + 1;
      return cut >= min ? cut : end;
    },
  }),
});
