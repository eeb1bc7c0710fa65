import type { Items } from '../bytes/batches.js';

/** A batch in which some slices stand several times. */
interface Repeats {
  /** Each slice once. */
  readonly items: Items;
  /** For each item of the batch, which of those it is. */
  readonly of: Uint32Array;
}

/** A batch with each slice of the same memory once, and what becomes of their results, `size` bytes each: those of the whole batch. */
export function eachOnce(items: Items, size: number): { readonly distinct: Items; readonly answer: (results: Uint8Array) => Uint8Array } {
  const repeats = findRepeats(items);
  if (repeats === undefined) return { distinct: items, answer: (results) => results };
  return { distinct: repeats.items, answer: (results) => spread(repeats, results, size) };
}

/**
 * Finds slices of the same memory that a batch names several times: they are worked on once. Undefined where there are none, which for slices in the order of their memory is known without
 * remembering any.
 */
function findRepeats(items: Items): Repeats | undefined {
  if (items.buffer !== undefined && (items.offsets === undefined || isAscending(items.offsets, items.lengths))) return undefined;
  if (items.buffer === undefined && isAscendingList(items)) return undefined;
  const slices = slicesOf(items);
  const of = new Uint32Array(items.count);
  const first: number[] = [];
  // Open addressing in one array: a Map with a key made for every slice takes longer than hashing small ones.
  const table = new Int32Array(2 ** Math.ceil(Math.log2(2 * items.count + 1))).fill(-1);
  for (let index = 0; index < items.count; index++) {
    let at = slices.mixed(index) & (table.length - 1);
    let place = table[at] as number;
    while (place !== -1 && !slices.same(first[place] as number, index)) {
      at = (at + 1) & (table.length - 1);
      place = table[at] as number;
    }
    if (place === -1) {
      place = first.push(index) - 1;
      table[at] = place;
    }
    of[index] = place;
  }
  return first.length === items.count ? undefined : { items: chosen(items, first), of };
}

/** What tells slices apart: the memory, where in it, how much. */
function slicesOf({ count, lengths, buffer, offsets, at }: Items) {
  const starts = new Float64Array(count);
  const owners = new Uint32Array(count);
  if (buffer !== undefined && offsets !== undefined) starts.set(offsets);
  else {
    const numbers = new Map<ArrayBufferLike, number>();
    for (let index = 0; index < count; index++) {
      const slice = at(index);
      const number = numbers.get(slice.buffer) ?? numbers.size;
      numbers.set(slice.buffer, number);
      starts[index] = slice.byteOffset;
      owners[index] = number;
    }
  }
  return {
    same: (a: number, b: number) => starts[a] === starts[b] && lengths[a] === lengths[b] && owners[a] === owners[b],
    /** Every bit of the three reaches the low bits, by which the table is addressed. */
    mixed(index: number) {
      const start = starts[index] as number;
      let mix = Math.imul((start >>> 0) ^ Math.imul(Math.floor(start / 0x1_0000_0000), 0x27d4eb2f), 0x9e3779b1);
      mix = Math.imul(mix ^ (mix >>> 15) ^ (lengths[index] as number), 0x85ebca6b);
      mix = Math.imul(mix ^ (mix >>> 13) ^ (owners[index] as number), 0xc2b2ae35);
      return mix ^ (mix >>> 16);
    },
  };
}

/** The results of a batch from those of its distinct slices; `size` bytes each. */
function spread({ of }: Repeats, results: Uint8Array, size: number): Uint8Array {
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
