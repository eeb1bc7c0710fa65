import { defineHash } from '@chunker/core';

/** MD5 (RFC 1321), 16 bytes: for Content-MD5 and old Nix hashes; broken where somebody may choose the data. */
export const md5 = defineHash({
  name: 'md5',
  digestLength: 16,
  kernels: {
    platform: () => import('#crypto').then(({ load }) => load('md5', 1.6)),
    js: () => import('./noble.js').then(({ md5Kernel }) => md5Kernel),
  },
});

/** SHA-512 (FIPS 180-4), 64 bytes. */
export const sha512 = defineHash({
  name: 'sha512',
  digestLength: 64,
  kernels: {
    platform: () => import('#crypto').then(({ load }) => load('sha512', 1.4)),
    js: () => import('./noble.js').then(({ sha512Kernel }) => sha512Kernel),
  },
});
