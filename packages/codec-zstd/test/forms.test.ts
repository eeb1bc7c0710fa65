import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuTime } from './attacks.js';
import { gathered, HERE, KERNELS, on, outcome, pieces, same, sample } from './kernels.js';

describe.each(KERNELS)('$kernel $skip', ({ kernel, skip }) => {
  describe.skipIf(skip !== '')('forms', () => {
    it('both doors give the same bytes', async () => {
      for (const [level, length] of [
        [3, 0],
        [3, 70_000],
        [3, 4096],
        [3, 1 << 17],
        [5, 3 << 20],
        [1, 6 << 20],
        [12, 1 << 20],
        [19, 400_000],
      ] as const) {
        const codec = await on(kernel, { level });
        const data = sample(length, level);
        const frame = await codec.compress(data);
        expect(same(codec.compressSync(data), frame)).toBe(true);
        expect(frame.length).toBeLessThanOrEqual(codec.compressBound(length));
        expect(same(await codec.decompress(frame), data)).toBe(true);
      }
    });

    it('into buffers: exact, one short, none, overlapping', async () => {
      const codec = await on(kernel);
      const data = sample(5000, 9);
      const frame = await codec.compress(data);
      for (const extra of [0, 1, 9000]) {
        const place = new Uint8Array(frame.length + extra);
        expect(await codec.compressInto(data, place)).toBe(frame.length);
        expect(same(place.subarray(0, frame.length), frame)).toBe(true);
        expect(codec.compressIntoSync(data, place)).toBe(frame.length);
        const back = new Uint8Array(data.length + extra);
        expect(await codec.decompressInto(frame, back)).toBe(data.length);
        expect(codec.decompressIntoSync(frame, back)).toBe(data.length);
        expect(same(back.subarray(0, data.length), data)).toBe(true);
      }
      for (const available of [0, frame.length - 1]) {
        const small = { code: 'output_too_small', details: { available, needed: frame.length } };
        await expect(codec.compressInto(data, new Uint8Array(available))).rejects.toMatchObject(small);
        expect(() => codec.compressIntoSync(data, new Uint8Array(available))).toThrow(expect.objectContaining({ code: 'output_too_small' }));
      }
      const short = { code: 'output_too_small', details: { available: 4999, needed: 5000 } };
      await expect(codec.decompressInto(frame, new Uint8Array(4999))).rejects.toMatchObject(short);
      const memory = new Uint8Array(20_000);
      memory.set(frame);
      expect(await outcome(() => codec.decompressIntoSync(memory.subarray(0, frame.length), memory))).toBe('invalid_input');
    });

    it('batches answer item by item', async () => {
      const codec = await on(kernel);
      const items = Array.from({ length: 300 }, (_, at) => sample((at * 37) % 4000, at));
      const frames = await codec.compressMany(items);
      expect(items.every((item, at) => same(frames.at(at), codec.compressSync(item)))).toBe(true);
      const damaged = items.map((_, at) => (at % 10 === 3 ? frames.at(at).subarray(0, 5) : frames.at(at)));
      for (const plain of [await codec.decompressMany(damaged), codec.decompressManySync(damaged)]) {
        expect(plain.errors.size).toBe(30);
        items.forEach((item, at) => {
          if (at % 10 === 3) expect(plain.errors.get(at)).toMatchObject({ code: 'truncated_input' });
          else expect(same(plain.at(at), item)).toBe(true);
        });
      }
    });

    it('streams: any split, the same content', async () => {
      const codec = await on(kernel, { checksum: true });
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: 300_000 }),
          fc.integer({ min: 1, max: 70_000 }),
          fc.integer({ min: 1, max: 5000 }),
          async (length, input, output) => {
            const data = sample(length, input);
            const frame = await gathered(codec.compressStream(pieces(data, () => input)));
            expect(same(codec.decompressSync(frame), data)).toBe(true);
            expect(same(await gathered(codec.decompressStream(pieces(frame, () => output))), data)).toBe(true);
          },
        ),
        { numRuns: 15 },
      );
    });

    it('aborts with the reason itself, soon', async () => {
      const codec = await on(kernel, { level: 19 });
      const data = sample(32 << 20, 1);
      const reason = new Error('no longer wanted');
      const controller = new AbortController();
      const milliseconds = await cpuTime(async () => {
        const running = codec.compress(data, { signal: controller.signal });
        setTimeout(() => controller.abort(reason), 150);
        await expect(running).rejects.toBe(reason);
      });
      // Far from the minute that the work takes, near enough to a block's 40 ms.
      expect(milliseconds).toBeLessThan(5000);
      await expect(codec.compress(data, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });
  });
});

describe('kernels', () => {
  it.skipIf(HERE.length < 2)('read each other, and agree on what is wrong', async () => {
    const [native, platform] = [await on('native', { checksum: true }), await on('platform', { checksum: true })];
    const data = sample(3000, 6);
    const frame = native.compressSync(data);
    expect(same(platform.decompressSync(frame), data)).toBe(true);
    expect(same(native.decompressSync(platform.compressSync(data)), data)).toBe(true);
    for (let at = 0; at < frame.length; at++) {
      const damaged = frame.slice();
      (damaged[at] as number) ^= 0x55;
      const ours = await outcome(() => native.decompressSync(damaged));
      expect([at, (await outcome(() => platform.decompressSync(damaged))) === 'accepted']).toEqual([at, ours === 'accepted']);
    }
  });

  it('refuse options out of range', async () => {
    for (const options of [{ level: 23 }, { level: -8 }, { level: 1.5 }, { windowLog: 9 }, { windowLog: 32 }, { nonsense: 1 }]) {
      expect(await outcome(() => on('native', options))).toBe('invalid_options');
    }
  });

  it('say why they are not available', async () => {
    if (HERE.length === 2) return;
    await expect(on('platform')).rejects.toMatchObject({
      code: 'algorithm_unavailable',
      details: { tried: [{ kind: 'platform', reason: expect.stringMatching(/no zstd/) }] },
    });
  });
});
