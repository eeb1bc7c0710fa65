import { defineCodec, Registry } from '@chunker/core';
import { describe, expect, it } from 'vitest';
import { pipeline } from '@chunker/pipeline';
import { flate, lowbits, sampleBytes, sha1, slow } from './algorithms.js';

const MIB = 1024 * 1024;
const SIZES = { min: 500, max: 9000, bits: 8 };
const data = sampleBytes(12 * MIB);
const coded = (code: string, details: object = {}) => expect.objectContaining({ code, details: expect.objectContaining(details) });

function made(memory: { softLimitBytes?: number; hardLimitBytes?: number }) {
  const registry = new Registry({ memory }).register(lowbits, sha1, flate, slow);
  return { registry, line: pipeline(registry).chunk('lowbits', SIZES).hash('sha1').compress('flate') };
}

describe('a run and the memory budget', () => {
  it('sets its windows and outputs aside until its end, however that comes', async () => {
    const { registry, line } = made({ hardLimitBytes: 200 * MIB });
    const run = line.run(data, { queue: 3, payload: 'view' });
    expect(registry.memory.report().currentBytes).toBe(0);
    for await (const _ of run) {
      expect(registry.memory.report().count).toBe(1);
      expect(registry.memory.report().currentBytes).toBeGreaterThanOrEqual(2 * 3 * 4 * MIB);
      break;
    }
    expect(registry.memory.report()).toMatchObject({ currentBytes: 0, count: 0 });
    await expect(line.run([5 as never]).summary()).rejects.toEqual(coded('stage_failed'));
    expect(registry.memory.report()).toMatchObject({ currentBytes: 0, count: 0 });
  });

  it('lets another run wait until it fits', async () => {
    const { registry, line } = made({ hardLimitBytes: 30 * MIB });
    let most = 0;
    const runs = Array.from({ length: 3 }, async () => {
      let bytes = 0;
      for await (const batch of line.run(data, { queue: 2 }).batches()) {
        most = Math.max(most, registry.memory.report().count);
        for (const length of batch.lengths) bytes += length;
      }
      return bytes;
    });
    expect(await Promise.all(runs)).toEqual([data.length, data.length, data.length]);
    expect(most).toBe(1);
    expect(registry.memory.report()).toMatchObject({ currentBytes: 0, count: 0, waiting: 0 });
    expect(registry.memory.report().peakBytes).toBeLessThanOrEqual(30 * MIB);
  });

  it('is refused at once where it can never fit, also for what its codec works with', async () => {
    const { line } = made({ hardLimitBytes: 8 * MIB });
    await expect(line.run(data).summary()).rejects.toEqual(coded('memory_limit_exceeded', { scope: 'budget', limit: 8 * MIB }));
    const greedy = defineCodec({ name: 'greedy', memory: () => 700 * MIB, compress: (bytes) => bytes.slice(), decompress: (bytes) => bytes.slice() });
    const registry = new Registry({ memory: { hardLimitBytes: 500 * MIB } }).register(greedy);
    await expect(pipeline(registry).compress('greedy').run(data).summary()).rejects.toEqual(coded('memory_limit_exceeded', { limit: 500 * MIB }));
  });

  it('takes fewer windows above the soft limit', async () => {
    const { registry, line } = made({ softLimitBytes: 20 * MIB });
    await line.run(data, { queue: 8 }).summary();
    expect(registry.memory.report().peakBytes).toBeLessThanOrEqual(20 * MIB);
    const { registry: other, line: same } = made({});
    await same.run(data, { queue: 8 }).summary();
    expect(other.memory.report().peakBytes).toBeGreaterThan(60 * MIB);
  });

  it('takes little for little: a window of the size of the input', async () => {
    const { registry, line } = made({ hardLimitBytes: MIB });
    expect((await line.run(data.subarray(0, 10_000)).summary()).bytes).toBe(10_000);
    expect(registry.memory.report().peakBytes).toBeLessThan(100_000);
  });

  it('counts the digests that dedup remembers', async () => {
    const { registry, line } = made({ hardLimitBytes: 17 * MIB });
    const tiny = pipeline(registry).chunk('lowbits', { min: 16, max: 64, bits: 4 }).hash('sha1').dedup();
    await expect(tiny.run(data, { queue: 2, windowBytes: 8 * MIB }).summary()).rejects.toMatchObject({
      code: 'stage_failed',
      cause: { code: 'memory_limit_exceeded' },
    });
    expect((await line.dedup().run(data, { queue: 2, windowBytes: MIB }).summary()).bytes).toBe(data.length);
    expect(registry.memory.report()).toMatchObject({ currentBytes: 0, count: 0 });
  });

  it('ends its wait with the signal', async () => {
    const { registry, line } = made({ hardLimitBytes: 30 * MIB });
    const held = await registry.memory.reserve(29 * MIB);
    const controller = new AbortController();
    const reason = new Error('enough');
    const waiting = line.run(data, { signal: controller.signal }).summary();
    setTimeout(() => controller.abort(reason), 10);
    await expect(waiting).rejects.toBe(reason);
    held.release();
    expect(registry.memory.report()).toMatchObject({ currentBytes: 0, waiting: 0 });
  });
});
