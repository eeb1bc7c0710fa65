import type { AlgorithmKind, Batch, Ranges } from '../contracts/index.js';
import { isDoubles, isWords, kindOfValue } from './arrays.js';
import { badInput, readableInput } from './inputs.js';

/** A batch read once: item i is bytes `offsets[i]`.. of `buffer`, or the i-th of `list`. */
export interface Items {
  readonly count: number;
  readonly totalBytes: number;
  readonly lengths: Uint32Array;
  readonly buffer?: Uint8Array;
  readonly offsets?: Float64Array;
  at(index: number): Uint8Array;
}

/** Reads and checks what the caller gave as a batch. Throws `invalid_input`. */
export function readBatch(kind: AlgorithmKind, batch: Batch): Items {
  if (Array.isArray(batch)) return fromList(kind, batch as readonly Uint8Array[]);
  const given = batch as { readonly buffer?: unknown; readonly ranges?: Ranges } | null | undefined;
  if (given === null || typeof given !== 'object' || typeof given.ranges !== 'object' || given.ranges === null) {
    throw badInput(kind, 'batch', kindOfValue(batch), 'a list of Uint8Array, or a buffer and ranges');
  }
  return fromRanges(kind, readableInput(kind, given.buffer, 'batch.buffer'), given.ranges);
}

function fromList(kind: AlgorithmKind, batch: readonly Uint8Array[]): Items {
  const list = Array.from(batch, (item, index) => readableInput(kind, item, `batch[${index}]`));
  const lengths = Uint32Array.from(list, (item, index) => {
    if (item.length > 0xffff_ffff) throw badInput(kind, `batch[${index}]`, `${item.length} bytes`, 'an item below 4 GiB');
    return item.length;
  });
  return {
    count: list.length,
    totalBytes: list.reduce((sum, item) => sum + item.length, 0),
    lengths,
    at: (index) => list[index] as Uint8Array,
  };
}

function fromRanges(kind: AlgorithmKind, buffer: Uint8Array, ranges: Ranges): Items {
  const { lengths: givenLengths, offsets: givenOffsets } = ranges;
  if (!isWords(givenLengths)) throw badInput(kind, 'ranges.lengths', kindOfValue(givenLengths), 'a Uint32Array');
  if (givenOffsets !== undefined && !isDoubles(givenOffsets)) {
    throw badInput(kind, 'ranges.offsets', kindOfValue(givenOffsets), 'a Float64Array');
  }
  // Copies: the caller may write to its arrays while the call runs, and kernels trust what was checked here.
  // Not `from`, `map` or `reduce`: they call back for every item, and a batch of small items feels it.
  const lengths = new Uint32Array(givenLengths);
  const offsets = givenOffsets === undefined ? runningSum(lengths) : new Float64Array(givenOffsets);
  if (offsets.length !== lengths.length) {
    throw badInput(kind, 'ranges.offsets', `${offsets.length} offsets`, `as many as the ${lengths.length} lengths`);
  }
  let totalBytes = 0;
  for (let index = 0; index < lengths.length; index++) {
    const offset = offsets[index] as number;
    const end = offset + (lengths[index] as number);
    if (!Number.isSafeInteger(offset) || offset < 0 || end > buffer.length) {
      throw badInput(kind, `ranges[${index}]`, `${offset}..${end}`, `a range within the ${buffer.length} bytes of the buffer`);
    }
    totalBytes += lengths[index] as number;
  }
  return {
    count: lengths.length,
    totalBytes,
    lengths,
    buffer,
    offsets,
    at(index) {
      const offset = offsets[index] as number;
      return buffer.subarray(offset, offset + (lengths[index] as number));
    },
  };
}

/** Where each of the pieces starts that lie one behind the other; doubles, exact beyond 4 GiB. */
export function runningSum(lengths: Uint32Array, start = 0): Float64Array {
  const offsets = new Float64Array(lengths.length);
  let offset = start;
  for (let index = 0; index < lengths.length; index++) {
    offsets[index] = offset;
    offset += lengths[index] as number;
  }
  return offsets;
}

/** Items `from`..`to` as one buffer and ranges, for a kernel that takes batches: views where they are close together, else copied together. */
export function gather(items: Items, from: number, to: number): { buffer: Uint8Array; ranges: Ranges; bytes: number } {
  const lengths = items.lengths.slice(from, to);
  let bytes = 0;
  for (let index = 0; index < lengths.length; index++) bytes += lengths[index] as number;
  if (items.buffer !== undefined && items.offsets !== undefined) {
    let start = Number.POSITIVE_INFINITY;
    let end = 0;
    for (let index = from; index < to; index++) {
      const offset = items.offsets[index] as number;
      start = Math.min(start, offset);
      end = Math.max(end, offset + (items.lengths[index] as number));
    }
    if (to > from && end - start <= Math.max(2 * bytes, 65_536)) {
      const offsets = items.offsets.slice(from, to);
      for (let index = 0; index < offsets.length; index++) offsets[index] = (offsets[index] as number) - start;
      return { buffer: items.buffer.subarray(start, end), ranges: { lengths, offsets }, bytes };
    }
  }
  if (to - from === 1) return { buffer: items.at(from), ranges: { lengths }, bytes };
  const buffer = new Uint8Array(bytes);
  let offset = 0;
  for (let index = from; index < to; index++) {
    buffer.set(items.at(index), offset);
    offset += lengths[index - from] as number;
  }
  return { buffer, ranges: { lengths }, bytes };
}

/** Splits items into groups of at most `maxBytes` and `maxItems`; an item that is larger stands alone. Yields `[from, to]`. */
export function* groups(items: Items, maxBytes: number, maxItems = 65_536): Generator<readonly [number, number]> {
  let from = 0;
  let bytes = 0;
  for (let index = 0; index < items.count; index++) {
    const length = items.lengths[index] as number;
    if (index > from && (bytes + length > maxBytes || index - from >= maxItems)) {
      yield [from, index];
      from = index;
      bytes = 0;
    }
    bytes += length;
  }
  if (items.count > from) yield [from, items.count];
}

/**
 * Splits items into as few groups of about `windowBytes` as they need, even ones: there is no group that has only the rest. An item that is larger stands alone, groups have at most `maxItems`. Yields
 * `[from, to]`.
 */
export function* evenGroups(items: Items, windowBytes: number, maxItems = 65_536): Generator<readonly [number, number]> {
  for (let from = 0; from < items.count; ) {
    const { to, bytes } = runOf(items, from, windowBytes);
    const share = Math.ceil(bytes / Math.max(1, Math.ceil(bytes / windowBytes)));
    let goal = share;
    let done = 0;
    for (let index = from; index < to; index++) {
      const length = items.lengths[index] as number;
      const middle = done + length / 2;
      // As near to the goal as items end.
      if (index > from && (middle > goal || index - from >= maxItems)) {
        yield [from, index];
        from = index;
        while (middle > goal) goal += share;
      }
      done += length;
    }
    yield [from, to];
    from = to;
  }
}

/** Items from `from` up to the next one that is larger than a window, or that one alone. */
function runOf(items: Items, from: number, windowBytes: number): { readonly to: number; readonly bytes: number } {
  let to = from;
  let bytes = 0;
  for (; to < items.count; to++) {
    const length = items.lengths[to] as number;
    if (length > windowBytes) return to === from ? { to: to + 1, bytes: length } : { to, bytes };
    bytes += length;
  }
  return { to, bytes };
}
