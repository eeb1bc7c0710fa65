import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompressionError, defineCodec, defineHash, Registry } from '../src/index.js';
import { evenGroups, readBatch } from '../src/bytes/batches.js';
import { bytes } from './samples.js';

/** Fails on items that begin with 0xff; others are done in an order of its own. */
const erratic = defineCodec({
  name: 'erratic',
  kernels: {
    native: async () => ({
      placement: 'away' as const,
      async compress(data: Uint8Array) {
        const copy = data.slice();
        for (let turns = (copy[1] ?? 0) % 7; turns > 0; turns--) await Promise.resolve();
        if (copy[0] === 0xff) throw new CompressionError('corrupt_data', { reason: 'it begins with ff' });
        return new Uint8Array(deflateRawSync(copy));
      },
      decompress: (data: Uint8Array) => new Uint8Array(inflateRawSync(data)),
    }),
  },
});
const registry = Registry.of(erratic);

describe('a batch', () => {
  it('answers each item in its place, with its own success or error, whatever order they are done in', async () => {
    const codec = await registry.codec('erratic');
    const item = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 0, max: 30_000 }).map((length) => new Uint8Array(length)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 60 }), async (items) => {
        const batch = await codec.compressMany(items);
        expect(batch.length).toBe(items.length);
        expect(batch.buffer.length).toBe(batch.lengths.reduce((a, b) => a + b, 0));
        items.forEach((data, index) => {
          if (data[0] === 0xff) expect(() => batch.at(index)).toThrow(expect.objectContaining({ code: 'corrupt_data' }));
          else expect(batch.at(index)).toEqual(new Uint8Array(deflateRawSync(data)));
        });
        expect([...batch.errors.keys()]).toEqual(items.flatMap((data, index) => (data[0] === 0xff ? [index] : [])));
        const good = items.flatMap((data, index) => (data[0] === 0xff ? [] : [{ data, packed: batch.at(index) }]));
        const back = await codec.decompressMany(good.map(({ packed }) => packed));
        for (const [index, { data }] of good.entries()) expect(back.at(index)).toEqual(data);
      }),
      { numRuns: 25 },
    );
  });

  it('that one item holds up goes on, but not without bound', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    const stuck = defineCodec({
      name: 'stuck',
      kernels: {
        native: async () => ({
          placement: 'away' as const,
          async compress(data: Uint8Array) {
            begun += 1;
            if (data[0] === 1) await held;
            return data.slice();
          },
          decompress: (data: Uint8Array) => data.slice(),
        }),
      },
    });
    const codec = await Registry.of(stuck).codec('stuck');
    const work = codec.compressMany(Array.from({ length: 5000 }, (_, i) => Uint8Array.of(i === 10 ? 1 : 0)));
    // The test's own limit ends it where it does not go on; where it goes on too far that has happened a moment later.
    while (begun <= 1000) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(begun).toBeLessThan(1100);
    release();
    expect((await work).length).toBe(5000);
  });

  it('of a million tiny items takes memory for its results and little else, in the middle as well', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = () => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const count = 1_000_000;
    const middles: number[] = [];
    let asked = 0;
    const look = <T>(result: T): T => {
      asked += 1;
      if (asked % count === count - 1000) middles.push(used());
      return result;
    };
    const watched = Registry.of(
      defineCodec({ name: 'watched', compress: (data) => look(data.slice()), decompress: (data) => data.slice() }),
      defineHash({ name: 'watched', digestLength: 1, hash: (data) => look(data.slice(0, 1)) }),
    );
    const buffer = bytes(4 * count);
    const batch = { buffer, ranges: { lengths: new Uint32Array(count).fill(4) } };
    const codec = await watched.codec('watched');
    const hash = await watched.hash('watched');
    const before = used();
    const packed = await codec.compressMany(batch);
    const digests = await hash.hashMany(batch);
    expect(Buffer.compare(packed.buffer, buffer)).toBe(0);
    expect(digests[77]).toBe(buffer[308]);
    expect(middles).toHaveLength(2);
    // The batch as it was read, results and their lengths: 30 MB. An object per item that is kept would be 100 MB more.
    for (const middle of middles) expect(middle - before).toBeLessThan(60e6);
  });
});

describe('groups of a batch', () => {
  const WINDOW = 1000;
  const split = (lengths: readonly number[], maxItems?: number) => {
    const items = readBatch('hash', { buffer: new Uint8Array(sum(lengths)), ranges: { lengths: Uint32Array.from(lengths) } });
    return [...evenGroups(items, WINDOW, maxItems)].map(([from, to]) => lengths.slice(from, to));
  };
  const sum = (lengths: readonly number[]) => lengths.reduce((total, length) => total + length, 0);

  it('have no runts: a window and a little more are two alike, two windows and a half are three', () => {
    expect(split([500, 500])).toEqual([[500, 500]]);
    expect(split([300, 300, 300, 300])).toEqual([
      [300, 300],
      [300, 300],
    ]);
    expect(split([400, 400, 400, 400, 400, 500]).map(sum)).toEqual([800, 800, 900]);
    expect(split([300, 1001, 300, 300])).toEqual([[300], [1001], [300, 300]]);
    expect(split([0, 0, 0, 0, 0], 2)).toEqual([[0, 0], [0, 0], [0]]);
    expect(split([])).toEqual([]);
  });

  it('hold every item once and in order, no more than a window and a half and no less than a third of one beside others', () => {
    const length = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 250 }), fc.integer({ min: 1001, max: 5000 }));
    const property = fc.property(fc.array(length, { maxLength: 80 }), (lengths) => {
      const made = split(lengths);
      expect(made.flat()).toEqual(lengths);
      made.forEach((group, index) => {
        if (group.some((one) => one > WINDOW)) expect(group).toHaveLength(1);
        else {
          expect(sum(group)).toBeLessThanOrEqual(1.5 * WINDOW);
          const next = made[index + 1];
          if (next?.every((one) => one <= WINDOW)) expect(Math.min(sum(group), sum(next))).toBeGreaterThan(WINDOW / 3);
        }
      });
    });
    fc.assert(property, { numRuns: 500 });
  });
});
