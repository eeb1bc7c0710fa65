import type { CodecKernel } from '@chunker/core';
import type { ZstdOptions } from './options.js';

const reason = 'this runtime has no node:zlib';

/** Stands in for the platform kernel where there is no Node. */
export const probe = () => ({ available: false, reason }) as const;

export async function load(): Promise<CodecKernel<ZstdOptions>> {
  throw new Error(reason);
}
