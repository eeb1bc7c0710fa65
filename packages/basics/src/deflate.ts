import { defineCodec } from '@chunker/core';
import type { DeflateInput, DeflateOptions } from './options.js';

/** HTTP's deflate: the zlib format (RFC 1950), by node:zlib. */
export const deflate = defineCodec<'deflate', DeflateInput, DeflateOptions>({
  name: 'deflate',
  // Two bytes of header: method 8, a window of at most 32 KiB, no dictionary, and a check that divides by 31.
  recognise(head) {
    const [first = 0, second = 0] = head;
    return head.length >= 2 && (first & 15) === 8 && first >> 4 <= 7 && (second & 0x20) === 0 && (first * 256 + second) % 31 === 0;
  },
  guarantees: { detectsTruncation: true, detectsCorruption: true, concatenable: false, deterministic: true },
  options: () => import('./options.js').then(({ deflateOptions }) => ({ default: deflateOptions })),
  defaults: { level: 6 },
  // Measured on chunks of 512 KiB, half of them machine code and half C headers.
  efforts: {
    fastest: { options: { level: 1 }, nanosecondsPerByte: 6.7, ratio: 0.273 },
    balanced: { options: { level: 6 }, nanosecondsPerByte: 17, ratio: 0.226 },
    smallest: { options: { level: 9 }, nanosecondsPerByte: 34, ratio: 0.224 },
  },
  kernels: { platform: () => import('#zlib').then(({ deflateKernel }) => deflateKernel()) },
});
