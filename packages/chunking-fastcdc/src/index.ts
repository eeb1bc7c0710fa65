import { defineChunker } from '@chunker/core';
import type { FastCdcInput, FastCdcOptions } from './options.js';
import { profiles } from './profiles.js';

export type { FastCdcInput, FastCdcOptions };

/**
 * FastCDC, variant of 2020 (Wen Xia et al., TPDS 2020), with the cut points of module `v2020` of the `fastcdc` crate. Options `min`, `avg`, `max` (bytes), `normalization` 0 to 3, `seed`;
 * or a `profile`. Kernels: native, js.
 */
export const fastcdc = defineChunker<'fastcdc', FastCdcInput, FastCdcOptions, keyof typeof profiles>({
  name: 'fastcdc',
  options: () => import('./options.js'),
  defaults: { min: 256 * 1024, avg: 1024 * 1024, max: 4 * 1024 * 1024, normalization: 1, seed: '0x0' },
  profiles,
  kernels: {
    native: () => import('#native').then(({ load }) => load()),
    js: () => import('./js.js').then(({ kernel }) => kernel),
  },
});
