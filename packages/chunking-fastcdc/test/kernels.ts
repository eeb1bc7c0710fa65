import { type Chunker, configure } from '@chunker/core';
import { type FastCdcInput, fastcdc } from '../src/index.js';
import { kernel as js } from '../src/js.js';
import { load } from '../src/native.js';
import schema from '../src/options.js';
import type { profiles } from '../src/profiles.js';

export const KERNELS = ['native', 'js'] as const;
export type KernelName = (typeof KERNELS)[number];

/** FastCDC on one kernel and no other. */
export async function on(kernel: KernelName, options: FastCdcInput | { readonly profile: keyof typeof profiles }): Promise<Chunker> {
  return configure(fastcdc, options, {}, { kernel });
}

/** A cutter itself, with nothing of core around it. */
export async function bareCutter(kernel: KernelName, options: FastCdcInput) {
  const { cutter } = kernel === 'js' ? js : await load();
  return cutter(schema.parse(options));
}

/** Lengths by the plainest means: one cut after the other. */
export function cutOneByOne(cutter: { readonly maxSize: number; nextCut(window: Uint8Array): number }, data: Uint8Array): number[] {
  const lengths: number[] = [];
  for (let at = 0; at < data.length; ) {
    const length = cutter.nextCut(data.subarray(at, at + cutter.maxSize));
    lengths.push(length);
    at += length;
  }
  return lengths;
}
