import { defineHash } from '@chunker/core';

/**
 * SHA-256 (FIPS 180-4): 32 bytes, no options. Kernels: native, platform (`node:crypto`), js (`@noble/hashes`).
 */
export const sha256 = defineHash({
  name: 'sha256',
  digestLength: 32,
  kernels: {
    native: () => import('#native').then(({ load }) => load()),
    platform: () => import('#platform').then(({ load }) => load()),
    js: () => import('./js.js').then(({ kernel }) => kernel),
  },
});
