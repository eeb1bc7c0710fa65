import { defineCodec } from '@chunker/core';
import type { BrotliInput, BrotliOptions } from './options.js';

/** Brotli (RFC 7932) by node:zlib. It has no magic and no checksum: corruption may go unseen. */
export const brotli = defineCodec<'brotli', BrotliInput, BrotliOptions>({
  name: 'brotli',
  guarantees: { detectsTruncation: true, detectsCorruption: false, concatenable: false, deterministic: true },
  options: () => import('./options.js').then(({ brotliOptions }) => ({ default: brotliOptions })),
  defaults: { quality: 9, windowBits: 22 },
  // Measured on chunks of 512 KiB, half of them machine code and half C headers. Quality 11 takes sixteen times as long as 9.
  efforts: {
    fastest: { options: { quality: 1 }, nanosecondsPerByte: 3.3, ratio: 0.239 },
    balanced: { options: { quality: 5 }, nanosecondsPerByte: 16, ratio: 0.186 },
    smallest: { options: { quality: 9 }, nanosecondsPerByte: 80, ratio: 0.174 },
  },
  kernels: { platform: () => import('#zlib').then(({ brotliKernel }) => brotliKernel()) },
});
