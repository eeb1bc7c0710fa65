import { Registry } from '@chunker/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuTime } from '../../codec-zstd/test/attacks.js';
import { lzma, xz } from '../src/index.js';
import { recogniseLzma } from '../src/recognise.js';
import { gathered, joined, lzmaWith, pieces, same, sample, xzWith } from './kernels.js';

describe('forms', () => {
  it('both doors, into and many give the same bytes', async () => {
    for (const codec of [await xzWith({ level: 2 }), await xzWith({ level: 1, blockBytes: 50_000 }), await lzmaWith({ level: 3 })]) {
      const items = [0, 1, 4096, 70_000, 300_000].map((length) => sample(length, length));
      const many = await codec.compressMany(items);
      const manySync = codec.compressManySync(items);
      for (const [at, data] of items.entries()) {
        const stream = await codec.compress(data);
        expect(same(codec.compressSync(data), stream)).toBe(true);
        expect(same(many.at(at), stream) && same(manySync.at(at), stream)).toBe(true);
        expect(stream.length).toBeLessThanOrEqual(codec.compressBound(data.length));
        const place = new Uint8Array(stream.length + 9).fill(7);
        expect(await codec.compressInto(data, place)).toBe(stream.length);
        expect(same(place.subarray(0, stream.length), stream)).toBe(true);
        await expect(codec.compressInto(data, place.subarray(0, stream.length - 1))).rejects.toMatchObject({
          code: 'output_too_small',
          details: { available: stream.length - 1, needed: stream.length },
        });
        expect(same(await codec.decompress(stream), data)).toBe(true);
      }
      const damaged = items.map((_, at) => (at === 3 ? many.at(at).subarray(0, 30) : many.at(at)));
      for (const plain of [await codec.decompressMany(damaged), codec.decompressManySync(damaged)]) {
        expect([...plain.errors.keys()]).toEqual([3]);
        expect(plain.errors.get(3)).toMatchObject({ code: 'truncated_input' });
        items.forEach((item, at) => {
          if (at !== 3) expect(same(plain.at(at), item)).toBe(true);
        });
      }
    }
  });

  it('streams: any split, the same content; with blocks the same bytes', async () => {
    const [plainly, blocks] = [await xzWith({ level: 1 }), await xzWith({ level: 0, blockBytes: 20_000 })];
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 120_000 }),
        fc.integer({ min: 1, max: 70_000 }),
        fc.integer({ min: 1, max: 5000 }),
        async (length, input, output) => {
          const data = sample(length, input);
          for (const codec of [plainly, blocks]) {
            const stream = await gathered(codec.compressStream(pieces(data, () => input)));
            if (codec === blocks) expect(same(stream, codec.compressSync(data))).toBe(true);
            expect(same(codec.decompressSync(stream), data)).toBe(true);
            expect(same(await gathered(codec.decompressStream(pieces(stream, () => output))), data)).toBe(true);
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it('incompressible data stay within the bound', async () => {
    const noise = Uint8Array.from({ length: 300_000 }, (_, i) => (Math.imul(i ^ (i >>> 7), 2_654_435_761) >>> 13) & 255);
    for (const codec of [await xzWith({ level: 0 }), await xzWith({ level: 9, blockBytes: 4096 }), await lzmaWith({ level: 0 })]) {
      expect((await codec.compress(noise)).length).toBeLessThanOrEqual(codec.compressBound(noise.length));
    }
  });

  it('aborts with the reason itself, soon', async () => {
    const data = sample(16 << 20, 1);
    for (const codec of [await xzWith({ level: 9 }), await xzWith({ level: 6, blockBytes: 1 << 20 })]) {
      const reason = new Error('no longer wanted');
      const controller = new AbortController();
      const milliseconds = await cpuTime(async () => {
        const running = codec.compress(data, { signal: controller.signal });
        setTimeout(() => controller.abort(reason), 150);
        await expect(running).rejects.toBe(reason);
      });
      expect(milliseconds).toBeLessThan(3000);
    }
  });
});

describe('recognition', () => {
  it('knows .lzma and leaves other data alone', async () => {
    const registry = Registry.of(xz, lzma);
    const data = sample(5000, 5);
    for (const codec of [await xzWith(), await lzmaWith(), await lzmaWith({ level: 9, dictionaryBytes: 100_000 })]) {
      expect(same(await registry.decompressAuto(await codec.compress(data)), data)).toBe(true);
      expect(same(await registry.decompressAuto(await gathered(codec.compressStream([data]))), data)).toBe(true);
    }
    const text = new TextEncoder().encode(']\u0000\u0000 a text that begins like it');
    const strangers = [
      new Uint8Array(4096),
      data,
      text,
      joined(Uint8Array.of(0x5d, 0, 0), data),
      Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 1, 0, 0, 0),
    ];
    for (const head of strangers) expect(recogniseLzma(head)).toBe(false);
    const stream = await (await lzmaWith()).compress(data);
    // A match as the first symbol; content of no bytes, and more behind it.
    const [match, none] = [stream.slice(), stream.slice()];
    match[14] = 0x90;
    none.fill(0, 5, 13);
    expect([match, none, none.subarray(0, 18), stream].map((head) => recogniseLzma(head))).toEqual([false, false, true, true]);
    // An end mark as the first symbol.
    const empty = await (await lzmaWith()).compress(new Uint8Array(0));
    expect(empty[14]).toBe(0x83);
    expect((await registry.decompressAuto(empty)).length).toBe(0);
    for (let length = 14; length <= stream.length; length++)
      expect([recogniseLzma(empty.subarray(0, length)), recogniseLzma(stream.subarray(0, length))]).toEqual([true, true]);
    // What follows a header that could be one: noise, and small numbers of four bytes each.
    fc.assert(fc.property(fc.uint8Array({ minLength: 64, maxLength: 300 }), (noise) => !recogniseLzma(joined(stream.subarray(0, 14), noise))));
    const numbers = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 16, maxLength: 64 });
    fc.assert(fc.property(numbers, (list) => !recogniseLzma(new Uint8Array(Uint32Array.from(list).buffer))));
    fc.assert(fc.property(fc.uint8Array({ minLength: 0, maxLength: 64 }), (head) => !recogniseLzma(head) || (head[13] === 0 && (head[0] as number) < 225)));
  });
});
