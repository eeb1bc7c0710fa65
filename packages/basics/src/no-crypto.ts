import type { HashKernel } from '@chunker/core';

/** Stands in where there is no Node: browsers' `crypto.subtle` has neither MD5 nor an incremental form. */
export async function load(_algorithm: 'md5' | 'sha512', _nanosecondsPerByte: number): Promise<HashKernel<object>> {
  throw new Error('this runtime has no node:crypto');
}
