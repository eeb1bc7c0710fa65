import type { CodecKernel } from '@chunker/core';
import type { LzmaOptions, XzOptions } from './options.js';

/** Stand in for the native kernels where addons cannot be loaded. */
export async function loadXz(): Promise<CodecKernel<XzOptions>> {
  throw new Error('this runtime loads no native addons');
}

/** As `loadXz`. */
export async function loadLzma(): Promise<CodecKernel<LzmaOptions>> {
  throw new Error('this runtime loads no native addons');
}
