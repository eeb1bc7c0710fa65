import type { CodecKernel } from '@chunker/core';
import type { ZstdOptions } from './options.js';

/** Stands in for the native kernel where addons cannot be loaded. */
export async function load(): Promise<CodecKernel<ZstdOptions>> {
  throw new Error('this runtime loads no native addons');
}
