import { defineCodec } from '@chunker/core';
import type { ZstdInput, ZstdOptions } from './options.js';

export type { ZstdInput, ZstdOptions };

/**
 * Zstandard (RFC 8878). With the handle `dictionary` (trained, or raw content) small inputs compress far better; frames made with a trained one name it by its id, and
 * are refused without it (`dictionary_missing`). Kernels: native (libzstd 1.5.7), platform (`node:zlib`, Node 22.15 and later).
 */
export const zstd = defineCodec<'zstd', ZstdInput, ZstdOptions>({
  name: 'zstd',
  options: () => import('./options.js'),
  defaults: { level: 3, checksum: false, contentSize: true, longDistance: false },
  handles: {
    dictionary: {
      description: 'a dictionary, trained (zstd --train) or any bytes like those to be compressed; decompressing needs the same',
      check(bytes) {
        if (bytes.length === 0) throw new Error('a dictionary has at least one byte');
      },
    },
  },
  magicBytes: [
    { bytes: [0x28, 0xb5, 0x2f, 0xfd] },
    // Skippable frames: 0x184D2A50 to 0x184D2A5F, little end first. lz4 has the same.
    { bytes: [0x50, 0x2a, 0x4d, 0x18], mask: [0xf0, 0xff, 0xff, 0xff], skippable: true },
  ],
  // Changed bits are noticed with certainty only where the frame has a checksum, and that is an option.
  guarantees: { detectsTruncation: true, detectsCorruption: false, concatenable: true, deterministic: true },
  // Measured on chunks of 512 KiB, half of them machine code and half C headers.
  efforts: {
    fastest: { options: { level: -5 }, nanosecondsPerByte: 2.3, ratio: 0.354 },
    balanced: { options: { level: 3 }, nanosecondsPerByte: 4.4, ratio: 0.209 },
    smallest: { options: { level: 19 }, nanosecondsPerByte: 287, ratio: 0.166 },
  },
  kernels: {
    native: () => import('#native').then(({ load }) => load()),
    platform: {
      load: () => import('#platform').then(({ load }) => load()),
      probe: () => import('#platform').then(({ probe }) => probe()),
    },
  },
});
