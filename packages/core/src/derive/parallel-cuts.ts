/*
 * Parallel cutting, derived: the cut of a chunk depends on no more than `reach` bytes from its start, so two chains of cuts that meet once stay together. Segments of the input are cut at the same time, each from its own start, as if a
 * chunk began there; then the true chain walks through: where it meets a cut of the segment it takes over the rest, before that it cuts by itself. The result is exactly the sequential one, whatever
 * the chunker; with content-defined cuts the chains meet after a few chunks.
 */
import type { Call } from '../contracts/index.js';
import { type CheckedCutter, LengthList } from './cuts.js';

/** What a kernel away from the calling thread is handed at once. */
export const WINDOW_BYTES = 4 * 1024 * 1024;
const SEGMENT_BYTES = 16 * 1024 * 1024;
const IN_FLIGHT = 4;

interface Segment {
  readonly start: number;
  /** Cut positions from `start` on, `start` first; the last lies at or behind the next segment's start, or is where the data end. */
  readonly lengths: Uint32Array;
}

/** Lengths of the chunks of `data`, by windows and, where it is large, by segments at the same time. */
export async function cutInParallel(cutter: CheckedCutter, data: Uint8Array, isLast: boolean, call: Call): Promise<Uint32Array> {
  const segmentBytes = Math.max(SEGMENT_BYTES, 8 * cutter.reach);
  const count = Math.max(1, Math.floor(data.length / segmentBytes));
  const list = new LengthList();
  const running: Promise<Segment>[] = [];
  const start = (index: number) => {
    const end = index === count - 1 ? data.length : (index + 1) * segmentBytes;
    const work = cutSegment(cutter, data, index * segmentBytes, end, isLast, call);
    work.catch(() => {});
    running.push(work);
  };
  let started = 0;
  let position = 0;
  for (let index = 0; index < count; index++) {
    while (started < count && started < index + IN_FLIGHT) start(started++);
    position = join(cutter, data, isLast, list, position, await (running[index] as Promise<Segment>));
  }
  return list.finish();
}

/** Cuts from `from` until a cut lies at or behind `end`, or nothing more can be cut, window by window. */
async function cutSegment(cutter: CheckedCutter, data: Uint8Array, from: number, end: number, isLast: boolean, call: Call): Promise<Segment> {
  const list = new LengthList();
  const windowBytes = Math.max(WINDOW_BYTES, cutter.reach + Math.max(WINDOW_BYTES / 2, cutter.targetSize));
  let position = from;
  while (position < end && (isLast || data.length - position >= cutter.reach)) {
    if (call.signal?.aborted === true) throw call.signal.reason;
    const stop = Math.min(data.length, position + windowBytes);
    const last = isLast && stop === data.length;
    const lengths = (await cutter.allAway(data.subarray(position, stop), last, call)) as Uint32Array;
    for (const length of lengths) {
      list.push(length);
      position += length;
      if (position >= end) break;
    }
    if (stop === data.length && lengths.length === 0) break;
  }
  return { start: from, lengths: list.finish() };
}

/** Walks the true chain through a segment; returns where it leaves it. */
function join(cutter: CheckedCutter, data: Uint8Array, isLast: boolean, list: LengthList, from: number, segment: Segment): number {
  let position = from;
  let known = segment.start;
  let index = 0;
  const { lengths } = segment;
  for (;;) {
    while (known < position && index < lengths.length) known += lengths[index++] as number;
    if (known === position) {
      list.pushAll(lengths.subarray(index));
      for (; index < lengths.length; index++) position += lengths[index] as number;
      return position;
    }
    // The segment's chain is behind and has ended: the next segment's takes over.
    if (known < position) return position;
    if (position >= data.length || (!isLast && data.length - position < cutter.reach)) return position;
    const length = cutter.at(data, position, undefined);
    list.push(length);
    position += length;
  }
}
