import { defineCodec } from '@chunker/core';
import type { LzmaInput, LzmaOptions, XzInput, XzOptions } from './options.js';
import { recogniseLzma } from './recognise.js';

export type { LzmaInput, LzmaOptions, XzInput, XzOptions };

/** Of both formats; measured on chunks of 512 KiB, half of them machine code and half C headers. */
const efforts = {
  fastest: { options: { level: 1 }, nanosecondsPerByte: 43, ratio: 0.178 },
  smallest: { options: { level: 6 }, nanosecondsPerByte: 227, ratio: 0.151 },
};

/**
 * xz (The .xz File Format, 1.2.1): LZMA2 in blocks, with checks and an index. Streams one behind the other and padding between them are read to the end. Kernel: native (liblzma 5.8.4).
 */
export const xz = defineCodec<'xz', XzInput, XzOptions>({
  name: 'xz',
  options: () => import('./options.js'),
  magicBytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  // With check "none" changed bits inside of blocks may pass.
  guarantees: { detectsTruncation: true, detectsCorruption: false, concatenable: true, deterministic: true },
  efforts,
  kernels: { native: () => import('#native').then(({ loadXz }) => loadXz()) },
});

/**
 * `.lzma`, also called LZMA_Alone: what `xz --format=lzma` and the LZMA SDK write. It has no magic, no check and one stream only; `recognise` goes by what its header can be, and decodes the first symbols. Kernel: native
 * (liblzma 5.8.4).
 */
export const lzma = defineCodec<'lzma', LzmaInput, LzmaOptions>({
  name: 'lzma',
  options: () => import('./options.js').then(({ lzmaSchema }) => ({ default: lzmaSchema })),
  recognise: recogniseLzma,
  guarantees: { detectsTruncation: true, detectsCorruption: false, concatenable: false, deterministic: true },
  efforts,
  kernels: { native: () => import('#native').then(({ loadLzma }) => loadLzma()) },
});
