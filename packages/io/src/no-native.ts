import type { IoKernel } from './kernel.js';

/** Where there is no Node, there is no native kernel. */
export function nativeKernel(): Promise<IoKernel> {
  return Promise.reject(new Error('native kernels need Node'));
}
