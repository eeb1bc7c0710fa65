import { Registry } from '@chunker/core';
import { describe, expect, it } from 'vitest';
import { zstd } from '../src/index.js';
import { workingMemory } from '../src/memory.js';
import type { ZstdOptions } from '../src/options.js';

const MIB = 1024 * 1024;
const options = (more: Partial<ZstdOptions>) => ({ level: 3, checksum: false, contentSize: true, longDistance: false, ...more }) as ZstdOptions;

describe('the memory that zstd says it works with', () => {
  it('grows with the level, the window and the input', () => {
    const streams = Array.from({ length: 30 }, (_, i) => workingMemory('compress', options({ level: i - 7 }), Number.POSITIVE_INFINITY));
    for (const [i, bytes] of streams.entries()) expect(bytes).toBeGreaterThanOrEqual(i === 8 || i === 7 ? 0 : (streams[i - 1] ?? 0));
    expect(streams[7]).toBe(streams[10]);
    // libzstd 1.5's own estimates for 1 MiB and 4 MiB at once: 18.1 and 51.6 MB at level 19, 1.3 MB at level 3.
    expect(workingMemory('compress', options({ level: 19 }), MIB)).toBeGreaterThan(18.1e6);
    expect(workingMemory('compress', options({ level: 19 }), 4 * MIB)).toBeGreaterThan(51.7e6);
    expect(workingMemory('compress', options({}), MIB)).toBeGreaterThan(1.31e6);
    expect(workingMemory('compress', options({ level: 22 }), 1000)).toBeLessThan(MIB);
    expect(workingMemory('compress', options({ longDistance: true }), Number.POSITIVE_INFINITY)).toBeGreaterThan(128 * MIB);
  });

  it('holds a window when it decodes a stream, and none at once', () => {
    expect(workingMemory('decompress', options({ windowLog: 25 }), Number.POSITIVE_INFINITY)).toBeGreaterThan(32 * MIB);
    expect(workingMemory('decompress', options({ windowLog: 25 }), 5)).toBeLessThan(MIB);
  });

  it('is what the budget of a registry counts', async () => {
    const registry = new Registry({ memory: { hardLimitBytes: 20 * MIB } }).register(zstd);
    const codec = await registry.codec('zstd', { level: 19 });
    expect(codec.memory('compress', MIB)).toBeGreaterThan(18e6);
    await expect(codec.compress(new Uint8Array(4 * MIB))).rejects.toMatchObject({ code: 'memory_limit_exceeded', details: { scope: 'budget' } });
    const small = await Promise.all(Array.from({ length: 20 }, () => codec.compress(new Uint8Array(500_000))));
    expect(small).toHaveLength(20);
    expect(registry.memory.report().peakBytes).toBeLessThanOrEqual(20 * MIB);
  });
});
