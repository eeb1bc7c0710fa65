import type { ZstdOptions } from './options.js';

/** KiB of a streaming encoder without bound of the input, levels -7..0 as one and then 1 to 22: ZSTD_estimateCStreamSize of libzstd 1.5. */
const STREAM_KIB = [
  1306, 1338, 2042, 3578, 4858, 5882, 5882, 8954, 8954, 17_146, 29_434, 29_434, 54_010, 54_010, 54_010, 70_394, 70_394, 70_394, 70_394, 91_649, 198_145,
  394_753, 796_313,
];
/** log2 of the window by level where nobody says one (ZSTD_getCParams, inputs of unknown size): what data of that level may ask of a decoder. */
const WINDOW_LOG = [19, 19, 20, 21, 21, 21, 21, 21, 21, 22, 22, 22, 22, 22, 22, 22, 22, 22, 23, 23, 25, 26, 27];
const LONG_DISTANCE_LOG = 27;
/** Tables follow the input where it is small: at most so much, and so many bytes per byte of it (ZSTD_estimateCCtxSize_usingCParams over all levels and sizes: 18.7). */
const LEAST_BYTES = 640 * 1024;
const PER_BYTE = 20;

/** Bytes that one call works with, beside input and output. One-shot decoding needs no window: the output is it. */
export function workingMemory(operation: 'compress' | 'decompress', options: ZstdOptions, bytes: number): number {
  const { level, windowLog, longDistance } = options;
  const at = Math.max(0, level === 0 ? 3 : level);
  const wanted = windowLog ?? (longDistance ? LONG_DISTANCE_LOG : (WINDOW_LOG[at] as number));
  if (operation === 'decompress') return bytes === Number.POSITIVE_INFINITY ? 2 ** wanted + 512 * 1024 : 128 * 1024;
  const beyond = Math.max(0, 2 ** wanted - 2 ** (WINDOW_LOG[at] as number));
  // The table of long matches is an eighth of the window at most.
  const most = (STREAM_KIB[at] as number) * 1024 + beyond * (longDistance ? 1.125 : 1);
  return Math.min(most, LEAST_BYTES + PER_BYTE * bytes);
}
