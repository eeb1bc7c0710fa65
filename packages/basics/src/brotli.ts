import { defineCodec } from '@chunker/core';
import type { BrotliInput, BrotliOptions } from './options.js';

/** Brotli (RFC 7932) by node:zlib. It has no magic and no checksum: corruption may go unseen. */
export const brotli = defineCodec<'brotli', BrotliInput, BrotliOptions>({
  name: 'brotli',
  guarantees: { detectsTruncation: true, detectsCorruption: false, concatenable: false, deterministic: true },
  options: () => import('./options.js').then(({ brotliOptions }) => ({ default: brotliOptions })),
  defaults: { quality: 9, windowBits: 22 },
  kernels: { platform: () => import('#zlib').then(({ brotliKernel }) => brotliKernel()) },
});
