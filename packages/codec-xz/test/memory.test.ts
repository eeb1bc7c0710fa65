import { Registry } from '@chunker/core';
import { executorInfo, loadAddon } from '@chunker/core/native';
import { describe, expect, it } from 'vitest';
import { lzma, xz } from '../src/index.js';
import { loadLzma, loadXz } from '../src/native.js';
import type { LzmaOptions, XzOptions } from '../src/options.js';

const MIB = 1 << 20;
const STREAM = Number.POSITIVE_INFINITY;
const xzOptions = (more: Partial<XzOptions> = {}): XzOptions => ({ level: 6, extreme: false, check: 'crc64', ...more });
const lzmaOptions = (more: Partial<LzmaOptions> = {}): LzmaOptions => ({ level: 6, extreme: false, ...more });
const threads = () => executorInfo(loadAddon({ stem: 'xz', packageName: '@chunker/codec-xz', from: import.meta.url })).threads;

describe('the memory that xz says it works with', () => {
  it('is that of the presets', async () => {
    const [one, other] = [await loadXz(), await loadLzma()];
    // MiB that `xz -vv` prints of itself, rounded up.
    const told = [
      [0, 3, 1],
      [1, 9, 2],
      [2, 17, 3],
      [3, 32, 5],
      [4, 48, 5],
      [5, 94, 9],
      [6, 94, 9],
      [7, 186, 17],
      [8, 370, 33],
      [9, 674, 65],
    ] as const;
    for (const [level, encoder, decoder] of told) {
      for (const extreme of [false, true]) {
        const figures = [
          one.memory?.('decompress', xzOptions({ level, extreme }), STREAM),
          other.memory?.('decompress', lzmaOptions({ level, extreme }), STREAM),
        ];
        expect(figures.map((bytes = 0) => Math.ceil(bytes / MIB))).toEqual([decoder, decoder]);
      }
      expect(Math.ceil((one.memory?.('compress', xzOptions({ level }), STREAM) ?? 0) / MIB)).toBe(encoder);
      expect(other.memory?.('compress', lzmaOptions({ level }), STREAM)).toBe(one.memory?.('compress', xzOptions({ level }), STREAM));
    }
  });

  it('is no more than the input can use, and grows with the blocks at work', async () => {
    const { memory } = await loadXz();
    if (memory === undefined) throw new Error('xz tells its memory');
    expect(memory('compress', xzOptions({ level: 9 }), 65_536)).toBeLessThan(2 * MIB);
    expect(memory('decompress', xzOptions({ level: 9 }), 100)).toBeLessThan(MIB);
    expect(memory('decompress', xzOptions({ level: 9 }), 100 * MIB)).toBe(memory('decompress', xzOptions({ level: 9 }), STREAM));
    const [one, blocks] = [memory('compress', xzOptions(), MIB), xzOptions({ blockBytes: MIB })];
    expect(memory('compress', blocks, 1000 * MIB)).toBe(threads() * one + 1000 * MIB);
    expect(memory('compress', blocks, STREAM)).toBe(threads() * (one + 2 * MIB));
    expect(memory('compress', blocks, MIB)).toBe(one + MIB);
  });

  it('is what the budget of a registry counts', async () => {
    const registry = new Registry({ memory: { hardLimitBytes: 40 * MIB } }).register(xz, lzma);
    for (const codec of [await registry.codec('xz', { level: 6 }), await registry.codec('lzma', { level: 6 })]) {
      const large = new Uint8Array(4 * MIB);
      const refused = { code: 'memory_limit_exceeded', details: { scope: 'budget' } };
      await expect(codec.compress(large)).rejects.toMatchObject(refused);
      expect(() => codec.compressSync(large)).toThrow(expect.objectContaining({ code: 'memory_limit_exceeded' }));
      const small = await Promise.all(Array.from({ length: 20 }, () => codec.compress(new Uint8Array(500_000))));
      for (const packed of small) expect((await codec.decompress(packed)).length).toBe(500_000);
      expect(registry.memory.report().peakBytes).toBeLessThanOrEqual(40 * MIB);
      expect(registry.memory.report().peakBytes).toBeGreaterThan(codec.memory('compress', 500_000) / 2);
    }
  });
});
