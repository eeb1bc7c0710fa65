import type { HashKernel } from '@chunker/core';

/** Stands in for the platform kernel where there is no Node: browsers' `crypto.subtle` has neither a synchronous nor an incremental form. */
export async function load(): Promise<HashKernel<object>> {
  throw new Error('this runtime has no node:crypto');
}
