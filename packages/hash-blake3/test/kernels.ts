import { existsSync } from 'node:fs';
import { configure, type Hash } from '@chunker/core';
import { type Blake3Input, blake3 } from '../src/index.js';

const wasm = existsSync(new URL('../build/blake3.wasm', import.meta.url));
if (!wasm && process.env.CI) throw new Error('blake3.wasm was not built: node tools/wasm.mjs blake3 says what is missing');

/** Each kernel, and why its tests are skipped here, if they are. The native one is always built. */
export const KERNELS = [
  { kernel: 'native', skip: '' },
  { kernel: 'wasm', skip: wasm ? '' : '(skipped: blake3.wasm is not built, see node tools/wasm.mjs)' },
  { kernel: 'js', skip: '' },
] as const;

/** BLAKE3 on one kernel and no other. */
export async function on(kernel: 'native' | 'wasm' | 'js', options: Blake3Input = {}, handles: Record<string, Uint8Array> = {}): Promise<Hash> {
  return configure(blake3, options, handles, { kernel });
}
