/*
 * FastCDC, variant of 2020, one byte at a time: Wen Xia et al., "The Design of Fast Content-Defined Chunking for Data Deduplication Based Storage Systems" (TPDS 2020), with the
 * limits that module v2020 of the fastcdc crate gives it. The hash has 64 bits there. No mask has a bit above 47, and carries only go up, so the low
 * 48 bits decide everything: two halves of 24 bits, which V8 keeps as small integers.
 */
import type { ChunkingKernel, Cutter } from '@chunker/core';
import { GEAR } from './gear.js';
import type { FastCdcOptions } from './options.js';

const HALF_BITS = 24;
const HALF = 2 ** HALF_BITS;

/** Masks by number of one-bits, spread as the authors did; 0 to 4 are never reached. */
const MASKS: readonly number[] = [
  ...[0, 0, 0, 0, 0, 0x0000_0180_4110, 0x0000_0180_3110, 0x0000_1803_5100, 0x0018_0003_5300],
  ...[0x0190_0035_3000, 0x5900_0353_0000, 0xd900_0353_0000, 0xd901_0353_0000, 0xd903_0353_0000],
  ...[0xd903_1353_0000, 0xd90f_0353_0000, 0xd903_0353_7000, 0xd907_0353_7000, 0xd907_0753_7000],
  ...[0xd917_0753_7000, 0xd917_4753_7000, 0xd917_6753_7000, 0xd937_6753_7000, 0xd937_7753_7000],
  ...[0xd937_7757_7000, 0xdb37_7757_7000],
];

/** A number of 48 bits. */
interface Halves {
  low: number;
  high: number;
}

const halves = (value: number): Halves => ({ low: value % HALF, high: Math.floor(value / HALF) });

interface Gear {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

/** Reference and fall-back. */
export const kernel: ChunkingKernel<FastCdcOptions> = {
  // Some 500 MB/s.
  costPerByte: () => 2,
  cutter(options): Cutter {
    const { min, avg, max } = options;
    return { minSize: even(min), maxSize: max, targetSize: avg, nextCut: cutterOf(options) };
  },
};

/** The search for the end of the chunk that starts at the window's first byte. */
function cutterOf({ min, avg, max, normalization, seed }: FastCdcOptions): (window: Uint8Array) => number {
  const gear = seededGear(BigInt(seed));
  // Rounded, not floored: sizes between two powers of two belong to the nearer one.
  const bits = Math.round(Math.log2(avg));
  const strict = halves(MASKS[bits + normalization] as number);
  const loose = halves(MASKS[bits - normalization] as number);

  return (window) => {
    if (window.length <= min) return window.length;
    // Positions are tested in pairs: an odd minimum begins one byte early, and an odd end leaves its last byte untested.
    const end = Math.min(window.length, max);
    const lastTested = even(end);
    const center = Math.min(even(avg), lastTested);
    const hash: Halves = { low: 0, high: 0 };
    let position = scan(window, even(min), center, gear, strict, hash);
    if (position < center) return position;
    position = scan(window, center, lastTested, gear, loose, hash);
    return position < lastTested ? position : end;
  };
}

/** Rolls `hash` on; the first position from `from` on where it has no bit of `mask`, or `limit`. On its own because V8 compiles it once and well. */
function scan(window: Uint8Array, from: number, limit: number, gear: Gear, mask: Readonly<Halves>, hash: Halves): number {
  const { low: lowGear, high: highGear } = gear;
  const { low: lowMask, high: highMask } = mask;
  let { low, high } = hash;
  let position = from;
  for (; position < limit; position++) {
    const byte = window[position] as number;
    const sum = (low << 1) + (lowGear[byte] as number);
    // Literals: a bundler may make the constants above variables, which costs a third here.
    low = sum & 0xff_ffff;
    // What grows above 24 bits meets no mask.
    high = ((high << 1) + (highGear[byte] as number) + (sum >>> 24)) | 0;
    if (((low & lowMask) | (high & highMask)) === 0) break;
  }
  hash.low = low;
  hash.high = high;
  return position;
}

const even = (size: number): number => size - (size % 2);

/** The low 48 bits of the Gear table, each entry combined with the seed by exclusive or. */
function seededGear(seed: bigint): Gear {
  const seedLow = Number(seed & BigInt(HALF - 1));
  const seedHigh = Number((seed >> BigInt(HALF_BITS)) & BigInt(HALF - 1));
  return {
    low: Int32Array.from(GEAR, (entry) => Number.parseInt(entry.slice(10), 16) ^ seedLow),
    high: Int32Array.from(GEAR, (entry) => Number.parseInt(entry.slice(4, 10), 16) ^ seedHigh),
  };
}
