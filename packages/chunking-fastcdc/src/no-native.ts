import type { ChunkingKernel } from '@chunker/core';
import type { FastCdcOptions } from './options.js';

/** Stands in for the native kernel where addons cannot be loaded. */
export async function load(): Promise<ChunkingKernel<FastCdcOptions>> {
  throw new Error('this runtime loads no native addons');
}
