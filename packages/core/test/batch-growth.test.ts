import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BatchCollector } from '../src/derive/byte-batch.js';

afterEach(() => vi.unstubAllGlobals());

/** Gathers results of these sizes from inputs of these, and answers how often memory was made for them and how much there was at last. */
function gathered(inputs: readonly number[], outputs: readonly number[], order: readonly number[] = outputs.map((_, i) => i)) {
  const results = outputs.map((length, i) => new Uint8Array(length).fill(i));
  const made: number[] = [];
  const Plain = Uint8Array;
  class Counting extends Plain {
    constructor(...given: [never]) {
      super(...given);
      if (typeof given[0] === 'number') made.push(given[0]);
    }
    static get [Symbol.species]() {
      return Plain;
    }
  }
  vi.stubGlobal('Uint8Array', Counting);
  const collector = new BatchCollector(
    Uint32Array.from(inputs),
    inputs.reduce((a, b) => a + b, 0),
  );
  for (const index of order) collector.item(index, results[index] as Uint8Array);
  const batch = collector.finish();
  vi.unstubAllGlobals();
  expect(Buffer.compare(batch.buffer, Buffer.concat(results))).toBe(0);
  return { made, capacity: batch.buffer.buffer.byteLength, total: batch.buffer.length };
}

const constant = (count: number, value: number) => new Array<number>(count).fill(value);

describe('memory for the results of a batch', () => {
  it.each([0.01, 0.25, 0.9, 1.05, 20])('is made by the ratio of the first results, once or twice: %d', (ratio) => {
    const inputs = constant(3000, 4000);
    const { made, capacity, total } = gathered(inputs, constant(3000, Math.round(4000 * ratio)));
    expect(made.length).toBeLessThanOrEqual(3);
    // The headroom of a twentieth, and no more.
    expect(capacity).toBeLessThanOrEqual(1.06 * total + 64 * 1024);
  });

  it('follows a ratio that changes, and is not kept where it was too much', () => {
    const inputs = constant(4000, 4000);
    const worse = gathered(
      inputs,
      inputs.map((_, i) => (i < 2000 ? 400 : 3600)),
    );
    // Each time by an eighth at least: from a tenth of all to all of it.
    expect(worse.made.length).toBeLessThanOrEqual(3 + Math.ceil(Math.log(10) / Math.log(1.125)));
    const better = gathered(
      inputs,
      inputs.map((_, i) => (i < 100 ? 4000 : 40)),
    );
    expect(better.made[0]).toBeGreaterThan(4000);
    expect(better.capacity).toBeLessThanOrEqual(1.25 * better.total + 64 * 1024);
  });

  it('holds the results in their order, in whatever order they come', () => {
    const property = fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 5000 })), { maxLength: 60 }),
      fc.infiniteStream(fc.nat()),
      (sizes, keys) => {
        const order = sizes.map((_, i) => ({ i, key: keys.next().value as number })).sort((a, b) => a.key - b.key);
        gathered(
          sizes.map(([input]) => input),
          sizes.map(([, output]) => output),
          order.map(({ i }) => i),
        );
      },
    );
    fc.assert(property, { numRuns: 50 });
  });
});
