import { sha256 } from '@noble/hashes/sha2.js';
import { type Running, slicedKernel } from './sliced.js';

type Noble = ReturnType<typeof sha256.create>;

const running = (hash: Noble): Running => ({
  update: (data) => hash.update(data),
  digest: () => hash.digest(),
  copy: () => running(hash.clone()),
});

/** The reference kernel: audited JavaScript, ten times slower than OpenSSL, so slices are smaller. */
export const kernel = slicedKernel({
  create: () => running(sha256.create()),
  once: (data) => sha256(data),
  sliceBytes: 128 << 10,
  nanosecondsPerByte: 5,
});
