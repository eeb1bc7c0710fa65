import type { Batch } from '@chunker/core';
import fc from 'fast-check';
import { concat } from '../bytes.js';

/** The forms in which many inputs may be handed over. */
export type Form = 'a list' | 'one buffer' | 'one buffer with gaps' | 'one buffer backwards';

export const FORMS: fc.Arbitrary<Form> = fc.constantFrom('a list', 'one buffer', 'one buffer with gaps', 'one buffer backwards');

/** The items as a batch of that form. */
export function batchOf(form: Form, items: readonly Uint8Array[]): Batch {
  if (form === 'a list') return items.map((item) => item.slice());
  const lengths = Uint32Array.from(items, (item) => item.length);
  if (form === 'one buffer') return { buffer: concat(...items), ranges: { lengths } };
  const gap = form === 'one buffer with gaps' ? 3 : 0;
  const offsets = new Float64Array(items.length);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const i of form === 'one buffer backwards' ? [...items.keys()].reverse() : items.keys()) {
    const item = items[i] as Uint8Array;
    parts.push(new Uint8Array(gap).fill(0xee), item);
    offsets[i] = at + gap;
    at += gap + item.length;
  }
  return { buffer: concat(...parts), ranges: { lengths, offsets } };
}
