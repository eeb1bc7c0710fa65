import type { CodecKernel } from '@chunker/core';
import type { BrotliOptions, DeflateOptions } from './options.js';

const absent = (): never => {
  throw new Error('this runtime has no node:zlib');
};

/** Stand in where there is no Node. */
export const gzipKernel: () => CodecKernel<DeflateOptions> = absent;
export const deflateKernel: () => CodecKernel<DeflateOptions> = absent;
export const brotliKernel: () => CodecKernel<BrotliOptions> = absent;
