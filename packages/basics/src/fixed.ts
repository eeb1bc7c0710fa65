import { defineChunker } from '@chunker/core';
import type { FixedInput, FixedOptions } from './options.js';

/** Chunks of one size, whatever the bytes: for disk images and other data that change in place. */
export const fixed = defineChunker<'fixed', FixedInput, FixedOptions>({
  name: 'fixed',
  options: () => import('./options.js').then(({ fixedOptions }) => ({ default: fixedOptions })),
  defaults: { size: 1024 * 1024 },
  // Nothing is read: a chunk costs the same whatever its size.
  costPerByte: () => 0,
  cutter: ({ size }) => ({
    minSize: size,
    maxSize: size,
    targetSize: size,
    nextCut: (window) => Math.min(size, window.length),
    cutAllSync(window, isLast) {
      const whole = Math.floor(window.length / size);
      const rest = isLast ? window.length - whole * size : 0;
      const lengths = new Uint32Array(whole + (rest > 0 ? 1 : 0)).fill(size);
      if (rest > 0) lengths[whole] = rest;
      return lengths;
    },
  }),
});
