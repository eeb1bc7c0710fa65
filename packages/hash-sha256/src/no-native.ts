import type { HashKernel } from '@chunker/core';

/** Stands in for the native kernel where addons cannot be loaded. */
export async function load(): Promise<HashKernel<object>> {
  throw new Error('this runtime loads no native addons');
}
