import { defineCodec, defineHash, Registry } from '@chunker/core';
import { describe, expect, test } from 'vitest';
import { bench, WrongOutput } from '../src/bench/index.js';
import { FOLD, fold } from './gallery/fold.js';
import { FRAMES } from './gallery/frames.js';
import { SOUND } from './gallery/sound.js';

const find = (name: string) => SOUND.filter(({ definition }) => definition.name === name).map(({ definition }) => definition);
const quick = { minTime: 6, rounds: 3, data: [new Uint8Array(3000), new Uint8Array(500).fill(7)] };

describe('bench', () => {
  test('measures every algorithm of a registry, each kernel, each size', async () => {
    const registry = Registry.of(...find('two-kernels'), ...find('fold'), ...find('gear'));
    const results = await bench(registry as unknown as Registry, quick);
    const lines = results.map(({ algorithm, kernel, operation, bytes }) => `${algorithm} ${kernel} ${operation} ${bytes}`).sort();
    const codec = ['platform', 'js'].flatMap((kernel) =>
      ['compress', 'decompress'].flatMap((operation) => [500, 3000].map((size) => `two-kernels ${kernel} ${operation} ${size}`)),
    );
    expect(lines).toEqual([...codec, 'fold js hash 500', 'fold js hash 3000', 'gear js chunk 500', 'gear js chunk 3000'].sort());
    for (const { bytesPerSecond } of results) expect(bytesPerSecond).toBeGreaterThan(1000);
  });

  test('tells a slow one from a fast one', async () => {
    const slow = defineHash({
      name: 'slow',
      ...FOLD,
      hash(data) {
        for (let i = 0; i < 500; i++) fold(data);
        return fold(data);
      },
    });
    const [a, b] = await bench([...find('fold'), slow], { ...quick, data: new Uint8Array(20_000), minTime: 60 });
    expect((a?.bytesPerSecond ?? 0) / (b?.bytesPerSecond ?? 1)).toBeGreaterThan(10);
  });

  test('times nothing whose output is wrong', async () => {
    const lossy = defineCodec({ name: 'lossy', ...FRAMES, compress: (data) => FRAMES.compress(data.subarray(1)) });
    await expect(bench(lossy, quick)).rejects.toThrow(WrongOutput);
    const divided = defineHash({
      name: 'divided',
      digestLength: 8,
      kernels: { platform: async () => FOLD, js: async () => ({ hash: (data) => fold(data, 1) }) },
    });
    await expect(bench(divided, quick)).rejects.toThrow('disagree');
  });
});
