import { defineCodec } from '@chunker/core';
import type { DeflateInput, DeflateOptions } from './options.js';

/** gzip (RFC 1952) by node:zlib; members one behind the other are read to the end. */
export const gzip = defineCodec<'gzip', DeflateInput, DeflateOptions>({
  name: 'gzip',
  // The third byte is the method: deflate is the only one there ever was.
  magicBytes: [0x1f, 0x8b, 0x08],
  guarantees: { detectsTruncation: true, detectsCorruption: true, concatenable: true, deterministic: true },
  options: () => import('./options.js').then(({ deflateOptions }) => ({ default: deflateOptions })),
  defaults: { level: 6 },
  // Measured on chunks of 512 KiB, half of them machine code and half C headers.
  efforts: {
    fastest: { options: { level: 1 }, nanosecondsPerByte: 6.7, ratio: 0.273 },
    balanced: { options: { level: 6 }, nanosecondsPerByte: 17, ratio: 0.226 },
    smallest: { options: { level: 9 }, nanosecondsPerByte: 34, ratio: 0.224 },
  },
  kernels: { platform: () => import('#zlib').then(({ gzipKernel }) => gzipKernel()) },
});
