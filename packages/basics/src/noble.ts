import { md5 } from '@noble/hashes/legacy.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { type Running, runningKernel } from './running-kernel.js';

interface Noble {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
  clone(): Noble;
}

const running = (hash: Noble): Running => ({
  update: (data) => hash.update(data),
  digest: () => hash.digest(),
  copy: () => running(hash.clone()),
});

/** The reference kernels: audited JavaScript. */
export const md5Kernel = runningKernel(() => running(md5.create()), 8);
export const sha512Kernel = runningKernel(() => running(sha512.create()), 12);
