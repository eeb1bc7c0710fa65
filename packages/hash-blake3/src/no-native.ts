import type { HashKernel } from '@chunker/core';
import type { Blake3Options } from './options.js';

/** Stands in for the native kernel where addons cannot be loaded. */
export async function load(): Promise<HashKernel<Blake3Options>> {
  throw new Error('this runtime loads no native addons');
}
