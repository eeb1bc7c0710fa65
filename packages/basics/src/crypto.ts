import { createHash, type Hash } from 'node:crypto';
import type { HashKernel } from '@chunker/core';
import { type Running, runningKernel } from './running-kernel.js';

/** `Buffer` may be a piece of memory shared with others; what we hand out is the caller's alone. */
const running = (hash: Hash): Running => ({
  update: (data) => hash.update(data),
  digest: () => Uint8Array.from(hash.digest()),
  copy: () => running(hash.copy()),
});

/** A kernel on OpenSSL. Rejects where the runtime's OpenSSL does not offer the algorithm (FIPS builds have no MD5). */
export async function load(algorithm: 'md5' | 'sha512', nanosecondsPerByte: number): Promise<HashKernel<object>> {
  createHash(algorithm);
  return runningKernel(() => running(createHash(algorithm)), nanosecondsPerByte);
}
