import { describe, expect, it } from 'vitest';
import { cpuTime, DOORS, expectExactLimits, expectSameEverywhere, growth, least, outcomeOf } from './attacks.js';
import { gathered, KERNELS, on, pieces, same, sample } from './kernels.js';

const MIB = 1 << 20;
/** No content, not even declared, one last raw block of nothing: 9 bytes. */
const EMPTY = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x00, 0x01, 0x00, 0x00);
const SKIPPABLE = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0);

/** A frame of zeros that declares its size in a field of so many bytes, or not (0): blocks of one repeated byte. */
function zeros(bytes: number, field: 0 | 4 | 8): Uint8Array {
  const head = field === 0 ? [0x00, 7 << 3] : [(field === 4 ? 2 : 3) << 6, 7 << 3];
  const declared = Buffer.alloc(8);
  declared.writeBigUInt64LE(BigInt(bytes));
  const blocks: number[] = [];
  for (let left = bytes, last = false; !last; left -= 1 << 17) {
    const size = Math.min(left, 1 << 17);
    last = left <= 1 << 17;
    const header = (size << 3) | 2 | (last ? 1 : 0);
    blocks.push(header & 255, (header >> 8) & 255, header >> 16, 0);
  }
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, ...head, ...declared.subarray(0, field), ...blocks]);
}

const repeated = (unit: Uint8Array, times: number): Uint8Array => new Uint8Array(Buffer.alloc(unit.length * times, unit));

describe.each(KERNELS)('$kernel $skip', ({ kernel, skip }) => {
  describe.skipIf(skip !== '')('attacks', () => {
    it('bombs pass at the limit and not one byte below, by every door, whatever they declare', async () => {
      const codec = await on(kernel);
      for (const bytes of [1, 1 << 17, (1 << 17) + 1, 3 * MIB + 7]) {
        const shorter = [...new Set([0, bytes >> 1, bytes - 1])];
        const forms = [zeros(bytes, 0), zeros(bytes, 4), zeros(bytes, 8), await (await on(kernel, { contentSize: false })).compress(new Uint8Array(bytes))];
        for (const bomb of forms) await expectExactLimits(codec, bomb, new Uint8Array(bytes), shorter);
        // The limit is that of all frames together.
        await expectExactLimits(codec, new Uint8Array(Buffer.concat([forms[0] as Uint8Array, SKIPPABLE, forms[1] as Uint8Array])), new Uint8Array(2 * bytes), [
          2 * bytes - 1,
          bytes,
        ]);
      }
    });

    it('finds each limit in ordinary data, at every boundary of blocks', async () => {
      const content = sample(300_000, 3);
      const shorter = [0, 1, 131_071, 131_072, 131_073, 262_143, 262_144, 262_145, 299_999];
      for (const contentSize of [true, false]) {
        const codec = await on(kernel, { contentSize });
        await expectExactLimits(codec, await codec.compress(content), content, shorter);
      }
    });

    it('reads a hundred thousand empty frames promptly, by every door', async () => {
      const codec = await on(kernel);
      // node:zlib makes a context for each frame.
      const count = kernel === 'platform' ? 2000 : 100_000;
      for (const many of [repeated(EMPTY, count), repeated(new Uint8Array(Buffer.concat([EMPTY, SKIPPABLE])), count / 2)]) {
        for (const door of Object.keys(DOORS)) {
          const milliseconds = await cpuTime(async () => expect(await outcomeOf(door, codec, many)).toEqual({ bytes: new Uint8Array(0) }));
          expect(milliseconds, door).toBeLessThan(5000);
          expect(await outcomeOf(door, codec, many.subarray(0, many.length - 1))).toMatchObject({ code: 'truncated_input' });
        }
      }
    });

    it('finds the byte over the limit within 100 ms of decoding it', async () => {
      const codec = await on(kernel);
      for (const form of [0, 8] as const) {
        const [bomb, allowed] = [zeros(128 * MIB, form), zeros(2 * MIB, form)];
        for (const door of Object.keys(DOORS)) {
          const upTo = await least(3, () => outcomeOf(door, codec, allowed, {}, 2 * MIB));
          const refused = await least(3, async () =>
            expect(await outcomeOf(door, codec, bomb, { maxOutputBytes: 2 * MIB }, 2 * MIB + 1)).toMatchObject({ code: 'size_exceeded' }),
          );
          expect(refused - upTo, `${door}, field of ${form}`).toBeLessThan(100);
        }
      }
    });

    it('takes nothing for windows over the limit', async () => {
      const codec = await on(kernel);
      // 2^31, 2^28 and 2^27 + 2^24 bytes.
      const grown = await growth(3, 40, async () => {
        for (const window of [21 << 3, 18 << 3, (17 << 3) | 1]) {
          const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, window, 0x21, 0, 0, 97, 98, 99, 100);
          for (const door of Object.keys(DOORS)) {
            expect(await outcomeOf(door, codec, frame)).toMatchObject({ code: 'memory_limit_exceeded', details: { scope: 'decoder', limit: 1 << 27 } });
          }
        }
      });
      expect(grown).toBeLessThan(32 * MIB);
    });

    it('names truncation and damage alike by every door', async () => {
      const codec = await on(kernel, { checksum: true });
      const frame = await codec.compress(sample(150, 5));
      for (let end = 0; end < frame.length; end++) {
        expect(await expectSameEverywhere(codec, frame.subarray(0, end), `cut at ${end}`)).toBe('truncated_input');
      }
      for (let bit = 0; bit < frame.length * 8; bit += 7) {
        const damaged = frame.slice();
        (damaged[bit >> 3] as number) ^= 1 << (bit & 7);
        await expectSameEverywhere(codec, damaged, `bit ${bit}`);
      }
    });

    it('does not grow over a thousand operations at level 19', async () => {
      const codec = await on(kernel, { level: 19, checksum: true });
      const content = sample(3000, 8);
      const frame = await codec.compress(content);
      const damaged = frame.slice();
      (damaged[frame.length >> 1] as number) ^= 64;
      const grown = await growth(100, 1000, async (round) => {
        await codec.compress(content);
        expect(await outcomeOf('decompress', codec, frame)).toHaveProperty('bytes');
        await outcomeOf('decompressIntoSync', codec, damaged);
        if (round % 100 === 0) {
          const stream = await gathered(codec.compressStream(pieces(content, () => 1000)));
          expect(same(await gathered(codec.decompressStream([stream])), content)).toBe(true);
          // Given up half way.
          for await (const piece of codec.decompressStream(pieces(stream, () => 7))) if (piece.length > 0) break;
        }
      });
      expect(grown).toBeLessThan(24 * MIB);
    });
  });
});
