import { describe, expect, it } from 'vitest';
import { gathered, KERNELS, on, outcome, pieces, same, sample } from './kernels.js';

const SKIPPABLE = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9);
const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** A frame of so many blocks of 128 KiB of zeros, four bytes each. */
function bombOf(blocks: number): Uint8Array {
  const bomb = new Uint8Array(6 + 4 * blocks);
  bomb.set([0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3]);
  for (let at = 0; at < blocks; at++) bomb.set([at === blocks - 1 ? 3 : 2, 0, 0x10, 0], 6 + 4 * at);
  return bomb;
}

describe.each(KERNELS)('$kernel $skip', ({ kernel, skip }) => {
  describe.skipIf(skip !== '')('faults', () => {
    const data = sample(1200, 1);

    it('notices truncation at every byte', async () => {
      const codec = await on(kernel, { checksum: true });
      const frame = codec.compressSync(data);
      const two = joined(frame, frame);
      for (let cut = 0; cut < two.length; cut++) {
        const expected = cut === frame.length ? 'accepted' : cut > frame.length && cut < frame.length + 4 ? 'trailing_data' : 'truncated_input';
        expect([cut, await outcome(() => codec.decompressSync(two.subarray(0, cut)))]).toEqual([cut, expected]);
      }
    });

    it('notices every flipped bit where there is a checksum', async () => {
      const codec = await on(kernel, { checksum: true });
      const frame = codec.compressSync(data);
      for (let bit = 0; bit < frame.length * 8; bit++) {
        const damaged = frame.slice();
        (damaged[bit >> 3] as number) ^= 1 << (bit & 7);
        try {
          expect(same(codec.decompressSync(damaged), data), `bit ${bit}`).toBe(true);
        } catch (error) {
          expect(error).toHaveProperty('code');
          expect((error as { name: string }).name).toBe('CompressionError');
        }
      }
    });

    it('tells truncation, trailing data and a wrong checksum apart', async () => {
      const codec = await on(kernel, { checksum: true });
      const frame = await codec.compress(data);
      const wrong = frame.slice();
      (wrong[wrong.length - 1] as number) ^= 1;
      await expect(codec.decompress(wrong)).rejects.toMatchObject({ code: 'checksum_mismatch', details: { offset: frame.length - 4 } });
      await expect(codec.decompress(frame.subarray(0, 50))).rejects.toMatchObject({ code: 'truncated_input', details: { offset: 50 } });
      for (const garbage of [[0], [0, 0, 0, 0, 0], [0x28, 0xb5], [0x28], [1, 2, 3, 4, 5, 6, 7, 8, 9]]) {
        const more = joined(frame, Uint8Array.from(garbage));
        await expect(codec.decompress(more)).rejects.toMatchObject({ code: 'trailing_data', details: { offset: frame.length } });
        expect(same(await codec.decompress(more, { allowTrailing: true }), data)).toBe(true);
      }
      expect(await outcome(() => codec.decompress(joined(frame, frame.subarray(0, 9)), { allowTrailing: true }))).toBe('truncated_input');
    });

    it('reads frames behind each other and skips what is to be skipped', async () => {
      const codec = await on(kernel);
      const frame = await codec.compress(data);
      const all = joined(SKIPPABLE, frame, SKIPPABLE, frame, SKIPPABLE);
      expect(same(await codec.decompress(all), joined(data, data))).toBe(true);
      expect(same(await gathered(codec.decompressStream(pieces(all, () => 3))), joined(data, data))).toBe(true);
      expect(codec.inspect?.(all)).toEqual({ frames: 2, contentBytes: 2400, windowBytes: 1200, checksum: false, skippableBytes: 30 });
      expect((await codec.decompress(SKIPPABLE)).length).toBe(0);
    });

    it('names what it does not know', async () => {
      const codec = await on(kernel);
      await expect(codec.decompress(new TextEncoder().encode('PK and more'))).rejects.toMatchObject({
        code: 'unknown_format',
        details: { head: '504b20616e64206d' },
      });
      expect(await outcome(() => codec.decompress(Uint8Array.of(0x25, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0, 0)))).toBe('unsupported_feature');
      expect(await outcome(() => codec.decompress(new Uint8Array(0)))).toBe('truncated_input');
    });

    it.each([true, false])('holds output limits to the byte (declared size: %s)', async (contentSize) => {
      const codec = await on(kernel, { contentSize, level: 1 });
      for (const length of [1, 100_000, 5 << 20]) {
        const plain = sample(length, 2);
        const frame = await codec.compress(plain);
        expect(same(await codec.decompress(frame, { maxOutputBytes: length }), plain)).toBe(true);
        expect(same(await gathered(codec.decompressStream([frame], { maxOutputBytes: length })), plain)).toBe(true);
        const declared = contentSize ? { declared: length } : {};
        const expected = { code: 'size_exceeded', details: { limit: length - 1, ...declared } };
        await expect(codec.decompress(frame, { maxOutputBytes: length - 1 })).rejects.toMatchObject(expected);
        expect(() => codec.decompressSync(frame, { maxOutputBytes: length - 1 })).toThrow(expect.objectContaining({ code: 'size_exceeded' }));
        expect(await outcome(() => gathered(codec.decompressStream([frame], { maxOutputBytes: length - 1 })))).toBe('size_exceeded');
      }
    });

    it('takes no memory for sizes that lie', async () => {
      const codec = await on(kernel);
      const lying = (declared: bigint) => {
        const frame = new Uint8Array(20);
        frame.set([0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0]);
        new DataView(frame.buffer).setBigUint64(6, declared, true);
        frame.set([0x19, 0, 0, 97, 98, 99], 14);
        return frame;
      };
      expect(same(await codec.decompress(lying(3n)), new TextEncoder().encode('abc'))).toBe(true);
      for (const declared of [0n, 2n, 4n, 1n << 29n]) expect(await outcome(() => codec.decompress(lying(declared)))).toBe('corrupt_data');
      expect(await outcome(() => codec.decompress(lying(1n << 63n)))).toBe('size_exceeded');
    });

    it('gives a bomb in pieces, as they are pulled', async () => {
      const codec = await on(kernel);
      const bomb = bombOf(16_000);
      const before = process.memoryUsage().rss;
      let pieces = 0;
      // Two gigabytes in 64 KB: a reader that takes its time makes nobody hold them.
      for await (const piece of codec.decompressStream([bomb])) {
        expect(piece.length).toBeLessThanOrEqual(1 << 20);
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (++pieces === 20) break;
      }
      expect(process.memoryUsage().rss - before).toBeLessThan(128 << 20);
      let bytes = 0;
      for await (const piece of codec.decompressStream([bombOf(400)])) bytes += piece.length;
      expect(bytes).toBe(400 << 17);
    });

    it('stops a bomb at the limit', async () => {
      const codec = await on(kernel);
      const bomb = bombOf(20_000);
      const before = process.memoryUsage().rss;
      for (const limit of [1 << 20, 64 << 20]) expect(await outcome(() => codec.decompress(bomb, { maxOutputBytes: limit }))).toBe('size_exceeded');
      expect(process.memoryUsage().rss - before).toBeLessThan(256 << 20);
    });

    it('names dictionaries that are missing or other ones', async () => {
      const naming = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x01, 0, 5, 1, 0, 0);
      const codec = await on(kernel);
      await expect(codec.decompress(naming)).rejects.toMatchObject({ code: 'dictionary_missing', details: { id: 5 } });
      if (kernel === 'platform') return;
      const raw = sample(3000, 4);
      const withRaw = await on(kernel, {}, raw);
      await expect(withRaw.decompress(naming)).rejects.toMatchObject({ code: 'dictionary_mismatch', details: { id: 5, given: 0 } });
      expect(same(await withRaw.decompress(await withRaw.compress(raw)), raw)).toBe(true);
      expect((await withRaw.compress(raw)).length).toBeLessThan(50);
      const broken = joined(Uint8Array.of(0x37, 0xa4, 0x30, 0xec, 7, 0, 0, 0), new Uint8Array(90).fill(255));
      const unusable = await on(kernel, {}, broken);
      expect(await outcome(() => unusable.compress(raw))).toBe('dictionary_mismatch');
      expect(await outcome(() => on(kernel, {}, new Uint8Array(0)))).not.toBe('accepted');
    });
  });
});
