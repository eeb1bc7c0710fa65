import type { Items } from '../bytes/batches.js';

/** A batch in which some slices stand several times. */
export interface Repeats {
  /** Each slice once. */
  readonly items: Items;
  /** For each item of the batch, which of those it is. */
  readonly of: Uint32Array;
}

/**
 * Finds slices of the same memory that a batch names several times: they are worked on once. Undefined where there are none, which for slices in the order of their memory is known without
 * remembering any.
 */
export function findRepeats(items: Items): Repeats | undefined {
  if (items.buffer !== undefined && (items.offsets === undefined || isAscending(items.offsets, items.lengths))) return undefined;
  if (items.buffer === undefined && isAscendingList(items)) return undefined;
  const known = new Map<ArrayBufferLike, Map<string, number>>();
  const of = new Uint32Array(items.count);
  const first: number[] = [];
  for (let index = 0; index < items.count; index++) {
    const { buffer, byteOffset, length } = items.at(index);
    const slices = known.get(buffer) ?? new Map<string, number>();
    known.set(buffer, slices);
    const key = `${byteOffset}:${length}`;
    const place = slices.get(key) ?? first.push(index) - 1;
    slices.set(key, place);
    of[index] = place;
  }
  return first.length === items.count ? undefined : { items: chosen(items, first), of };
}

/** The results of a batch from those of its distinct slices; `size` bytes each. */
export function spread({ of }: Repeats, results: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(of.length * size);
  for (let index = 0; index < of.length; index++) {
    const from = (of[index] as number) * size;
    output.set(results.subarray(from, from + size), index * size);
  }
  return output;
}

function isAscending(offsets: Float64Array, lengths: Uint32Array): boolean {
  let end = 0;
  for (let index = 0; index < offsets.length; index++) {
    if ((offsets[index] as number) < end) return false;
    end = (offsets[index] as number) + (lengths[index] as number);
  }
  return true;
}

function isAscendingList(items: Items): boolean {
  const before = new Set<ArrayBufferLike>();
  let current: ArrayBufferLike | undefined;
  let end = 0;
  for (let index = 0; index < items.count; index++) {
    const { buffer, byteOffset, length } = items.at(index);
    if (buffer !== current) {
      if (before.has(buffer)) return false;
      before.add(buffer);
      current = buffer;
      end = 0;
    }
    if (byteOffset < end) return false;
    end = byteOffset + length;
  }
  return true;
}

function chosen(items: Items, indices: readonly number[]): Items {
  const lengths = Uint32Array.from(indices, (index) => items.lengths[index] as number);
  const at = (index: number) => items.at(indices[index] as number);
  const totalBytes = lengths.reduce((sum, length) => sum + length, 0);
  if (items.buffer === undefined || items.offsets === undefined) return { count: indices.length, totalBytes, lengths, at };
  const offsets = Float64Array.from(indices, (index) => (items.offsets as Float64Array)[index] as number);
  return { count: indices.length, totalBytes, lengths, at, buffer: items.buffer, offsets };
}
