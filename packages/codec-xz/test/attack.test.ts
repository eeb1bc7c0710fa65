import { crc32 } from 'node:zlib';
import type { Codec } from '@chunker/core';
import { configureExecutor, executorInfo, loadAddon } from '@chunker/core/native';
import { describe, expect, it } from 'vitest';
import { cpuTime, DOORS, expectExactLimits, expectSameEverywhere, growth, least, neededBytes, outcomeOf } from '../../codec-zstd/test/attacks.js';
import { command, gathered, joined, lzmaWith, pieces, same, sample, xzWith } from './kernels.js';

const MIB = 1 << 20;

const repeated = (unit: Uint8Array, times: number): Uint8Array => new Uint8Array(Buffer.alloc(unit.length * times, unit));

/** `.lzma` of unknown content length, made to tell it; the end mark stays, as it may. */
function telling(stream: Uint8Array, bytes: number): Uint8Array {
  const told = stream.slice();
  new DataView(told.buffer).setBigUint64(5, BigInt(bytes), true);
  return told;
}

/** The one block's dictionary, as the header names it (xz-file-format 1.2.1, 5.3.1). */
function withDictionary(stream: Uint8Array, field: number): Uint8Array {
  const changed = stream.slice();
  expect([...changed.subarray(12, 16)]).toEqual([2, 0, 0x21, 1]);
  changed[16] = field;
  new DataView(changed.buffer).setUint32(20, crc32(changed.subarray(12, 20)), true);
  return changed;
}

/** 2^30 + 2^29 bytes. */
const LARGE_DICTIONARY = 0x25;

describe('attacks', () => {
  it('bombs pass at the limit and not one byte below, by every door, whatever they declare', async () => {
    const [plainly, blocks, lzma] = [await xzWith({ level: 0 }), await xzWith({ level: 0, blockBytes: 100_000 }), await lzmaWith({ level: 0 })];
    for (const bytes of [1, 65_536, 65_537, 3 * MIB + 7]) {
      const content = new Uint8Array(bytes);
      const shorter = [...new Set([0, bytes >> 1, bytes - 1])];
      const [one, several, alone] = [await plainly.compress(content), await blocks.compress(content), await lzma.compress(content)];
      // Sizes in the index alone, in block headers too; not told, told.
      for (const bomb of [one, several, await gathered(plainly.compressStream([content]))]) await expectExactLimits(plainly, bomb, content, shorter);
      for (const bomb of [alone, telling(alone, bytes)]) await expectExactLimits(lzma, bomb, content, shorter);
      // The limit is that of all streams together.
      await expectExactLimits(plainly, joined(one, new Uint8Array(8), several), new Uint8Array(2 * bytes), [2 * bytes - 1, bytes]);
    }
  });

  it('finds each limit in ordinary data, at every boundary of blocks', async () => {
    const content = sample(300_000, 3);
    for (const codec of [await xzWith({ level: 0 }), await xzWith({ level: 0, blockBytes: 65_536 }), await lzmaWith({ level: 0 })]) {
      await expectExactLimits(codec, await codec.compress(content), content, [0, 1, 65_535, 65_536, 65_537, 131_072, 196_609, 299_999]);
    }
  });

  it('reads a hundred thousand empty streams promptly, by every door', async () => {
    const codec = await xzWith({ level: 0 });
    const empty = await codec.compress(new Uint8Array(0));
    for (const many of [repeated(empty, 100_000), repeated(joined(empty, new Uint8Array(4)), 50_000), joined(empty, new Uint8Array(4 * MIB))]) {
      for (const door of Object.keys(DOORS)) {
        const milliseconds = await cpuTime(async () => expect(await outcomeOf(door, codec, many)).toEqual({ bytes: new Uint8Array(0) }));
        expect(milliseconds, door).toBeLessThan(5000);
      }
    }
    for (const door of Object.keys(DOORS)) {
      const cut = repeated(empty, 100_000).subarray(0, empty.length * 100_000 - 1);
      expect(await outcomeOf(door, codec, cut)).toMatchObject({ code: 'truncated_input' });
    }
  });

  it('finds the byte over the limit within 100 ms of decoding it', async () => {
    const [xz, lzma] = [await xzWith({ level: 1 }), await lzmaWith({ level: 1 })];
    const [large, small] = [new Uint8Array(32 * MIB), new Uint8Array(2 * MIB)];
    const alone = await lzma.compress(large);
    const cases: [Codec, Uint8Array, Uint8Array][] = [
      [xz, await xz.compress(large), await xz.compress(small)],
      [lzma, alone, await lzma.compress(small)],
      [lzma, telling(alone, large.length), await lzma.compress(small)],
    ];
    // Without its last byte the index tells nothing.
    cases.push([xz, (cases[0] as (typeof cases)[0])[1].subarray(0, -1), await xz.compress(small)]);
    for (const [codec, bomb, allowed] of cases) {
      for (const door of Object.keys(DOORS)) {
        const upTo = await least(2, () => outcomeOf(door, codec, allowed, {}, 2 * MIB));
        const refused = await least(2, async () =>
          expect(await outcomeOf(door, codec, bomb, { maxOutputBytes: 2 * MIB }, 2 * MIB + 1)).toMatchObject({ code: 'size_exceeded' }),
        );
        expect(refused - upTo, `${codec.name}, ${bomb.length} bytes, ${door}`).toBeLessThan(100);
      }
    }
  });

  it('takes nothing for dictionaries over the limit', async () => {
    const [xz, lzma] = [await xzWith({ level: 0 }), await lzmaWith({ level: 0 })];
    const content = sample(5000, 1);
    const long = withDictionary(await xz.compress(content), LARGE_DICTIONARY);
    const alone = await lzma.compress(content);
    new DataView(alone.buffer, alone.byteOffset).setUint32(1, 3 << 29, true);
    const grown = await growth(3, 60, async () => {
      for (const [codec, data] of [[xz, long] as const, [xz, joined(long, long)] as const, [lzma, alone] as const]) {
        for (const door of Object.keys(DOORS)) {
          const outcome = await outcomeOf(door, codec, data);
          expect({ door, ...outcome }).toMatchObject({ door, code: 'memory_limit_exceeded', details: { scope: 'decoder', limit: 1 << 27 } });
          expect(neededBytes(outcome)).toBeGreaterThan(3 << 29);
        }
      }
    });
    expect(grown).toBeLessThan(32 * MIB);
    // Where it is allowed, what is not used of it is only promised.
    const before = process.memoryUsage().rss;
    expect(same(await xz.decompress(long, { maxMemoryBytes: 2 ** 31 }), content)).toBe(true);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
  });

  it('names truncation and damage alike by every door', async () => {
    for (const codec of [await xzWith({ check: 'crc32' }), await xzWith({ level: 0, check: 'sha256', blockBytes: 4096 }), await lzmaWith()]) {
      const stream = await codec.compress(sample(150, 5));
      for (let end = 0; end < stream.length; end++) {
        expect(await expectSameEverywhere(codec, stream.subarray(0, end), `${codec.spec} cut at ${end}`)).toBe('truncated_input');
      }
      for (let bit = 0; bit < stream.length * 8; bit += 11) {
        const damaged = stream.slice();
        (damaged[bit >> 3] as number) ^= 1 << (bit & 7);
        await expectSameEverywhere(codec, damaged, `${codec.spec} bit ${bit}`);
      }
    }
  });

  it('does not grow over a thousand operations at level 9', async () => {
    const content = sample(3000, 8);
    for (const codec of [await xzWith({ level: 9 }), await lzmaWith({ level: 9 })]) {
      const stream = await codec.compress(content);
      const damaged = stream.slice();
      (damaged[stream.length >> 1] as number) ^= 64;
      const grown = await growth(100, 500, async (round) => {
        await codec.compress(content);
        expect(await outcomeOf('decompress', codec, stream)).toHaveProperty('bytes');
        await outcomeOf('decompressIntoSync', codec, damaged);
        if (round % 100 === 0) {
          const pushed = await gathered(codec.compressStream(pieces(content, () => 1000)));
          expect(same(await gathered(codec.decompressStream([pushed])), content)).toBe(true);
          // Given up half way.
          for await (const piece of codec.decompressStream(pieces(pushed, () => 7))) if (piece.length > 0) break;
        }
      });
      expect(grown, codec.name).toBeLessThan(24 * MIB);
    }
  });

  it('makes of blocks the same bytes with 1 to 8 threads, and holds its limits', async () => {
    const addon = loadAddon({ stem: 'xz', packageName: '@chunker/codec-xz', from: import.meta.url });
    const before = executorInfo(addon).threads;
    const codec = await xzWith({ level: 1, blockBytes: 16 << 10, check: 'sha256' });
    const content = sample(MIB / 4 + 5, 4);
    const expected = codec.compressSync(content);
    const damaged = expected.slice();
    (damaged[expected.length >> 1] as number) ^= 1;
    const enough = neededBytes(await outcomeOf('decompress', codec, expected, { maxMemoryBytes: 1 }));
    try {
      const faults = new Set<string>();
      for (let threads = 1; threads <= 8; threads++) {
        configureExecutor(addon, { threads });
        expect(same(await codec.compress(content), expected)).toBe(true);
        expect(same(await gathered(codec.compressStream(pieces(content, () => 10_000))), expected)).toBe(true);
        expect(same((await codec.compressMany([content, content])).at(1), expected)).toBe(true);
        for (const door of Object.keys(DOORS)) {
          const whole = await outcomeOf(door, codec, expected, { maxMemoryBytes: enough }, content.length);
          expect('bytes' in whole && same(whole.bytes, content), `${door} with ${threads} threads`).toBe(true);
          expect(await outcomeOf(door, codec, expected, { maxMemoryBytes: enough - 1 }, content.length)).toMatchObject({ code: 'memory_limit_exceeded' });
          expect(await outcomeOf(door, codec, expected, { maxOutputBytes: content.length - 1 }, content.length)).toMatchObject({ code: 'size_exceeded' });
          faults.add(JSON.stringify(await outcomeOf(door, codec, damaged, {}, content.length)));
        }
      }
      // The first fault, wherever it was met first.
      expect([...faults]).toHaveLength(1);
    } finally {
      configureExecutor(addon, { threads: before });
    }
    if (command.skip === '') expect(same(command.run(['-dc'], expected), content)).toBe(true);
  });
});
