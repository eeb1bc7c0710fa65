import type { ChunkParameters, Hints } from '../contracts/index.js';
import { isDoubles, kindOfValue } from '../bytes/arrays.js';
import { badInput, wholeNumber } from '../bytes/inputs.js';

/**
 * The length of the chunk that starts at `position`: the hint nearest to the natural cut, within the tolerance and within `least`..`most`; of two equally near ones the earlier; else the natural cut.
 */
export function nearestHint(hints: Hints, position: number, natural: number, least: number, most: number): number {
  const wanted = position + natural;
  const from = Math.max(position + least, wanted - hints.toleranceBytes);
  const to = Math.min(position + most, wanted + hints.toleranceBytes);
  const { at } = hints;
  const index = firstNotBelow(at, wanted);
  const later = index < at.length ? (at[index] as number) : Number.POSITIVE_INFINITY;
  const earlier = index > 0 ? (at[index - 1] as number) : Number.NEGATIVE_INFINITY;
  const laterFits = later <= to && later >= from;
  const earlierFits = earlier >= from && earlier <= to;
  if (earlierFits && (!laterFits || wanted - earlier <= later - wanted)) return earlier - position;
  return laterFits ? later - position : natural;
}

/** Index of the first entry of an ascending list that is not below `value`. */
function firstNotBelow(list: Float64Array, value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Reads a caller's hints once. Throws `invalid_input`: offsets are whole numbers from 0, ascending. */
export function readHints(parameters: ChunkParameters | undefined, targetSize: number): Hints | undefined {
  const given = parameters?.hints;
  if (given === undefined) return undefined;
  if (given === null || typeof given !== 'object' || !isDoubles(given.at)) throw badInput('chunker', 'hints', kindOfValue(given), '{ at: Float64Array }');
  const toleranceBytes = wholeNumber('chunker', 'hints.toleranceBytes', given.toleranceBytes ?? Math.floor(targetSize / 4), 0);
  const at = Float64Array.from(given.at);
  for (let index = 0; index < at.length; index++) {
    const offset = at[index] as number;
    if (!Number.isSafeInteger(offset) || offset < 0 || (index > 0 && offset < (at[index - 1] as number))) {
      throw badInput('chunker', `hints.at[${index}]`, String(offset), 'offsets that ascend');
    }
  }
  return { at, toleranceBytes };
}

/** The hints seen from `start`: those of a window, in its own offsets. */
export function hintsFrom(hints: Hints | undefined, start: number, end = Number.POSITIVE_INFINITY): Hints | undefined {
  if (hints === undefined || (start === 0 && end === Number.POSITIVE_INFINITY)) return hints;
  const from = firstNotBelow(hints.at, start);
  const to = end === Number.POSITIVE_INFINITY ? hints.at.length : firstNotBelow(hints.at, end + 1);
  return { at: hints.at.subarray(from, to).map((offset) => offset - start), toleranceBytes: hints.toleranceBytes };
}
