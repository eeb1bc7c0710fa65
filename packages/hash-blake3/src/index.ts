import { defineHash } from '@chunker/core';
import type { Blake3Input, Blake3Options } from './options.js';
import { KEY_BYTES } from './settings.js';

export type { Blake3Input, Blake3Options };

/**
 * BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2020). `length` bytes of digest, default 32. With the handle `key` (32 bytes) a message
 * authentication code; with `context` key derivation. Kernels: native, wasm, js (`@noble/hashes`).
 */
export const blake3 = defineHash<'blake3', Blake3Input, Blake3Options>({
  name: 'blake3',
  digestLength: ({ length }) => length,
  options: () => import('./options.js'),
  defaults: { length: 32 },
  handles: {
    key: {
      description: `keyed mode: a secret of ${KEY_BYTES} bytes`,
      secret: true,
      check(bytes) {
        if (bytes.length !== KEY_BYTES) throw new Error(`a key has ${KEY_BYTES} bytes`);
      },
    },
  },
  kernels: {
    native: () => import('#native').then(({ load }) => load()),
    wasm: () => import('./wasm.js').then(({ load }) => load()),
    js: () => import('./js.js').then(({ kernel }) => kernel),
  },
});
