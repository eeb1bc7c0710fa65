import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdaptiveBuffers, openFileSource, readWindows } from '../src/index.js';
import { type BufferStrategy, preallocate, resolveBuffers, windowSizer } from '../src/buffers.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const sizer = (given: Omit<AdaptiveBuffers, 'strategy'>, smallest?: number) =>
  windowSizer(resolveBuffers({ strategy: 'adaptive', ...given }, 4 * MIB), smallest);

it.each(['fixed', 'adaptive', 'preallocated'] as const)('%s windows of an input that begins inside a block end with one', (strategy) => {
  const buffers = resolveBuffers({ strategy }, MIB);
  for (const position of [1, 4095, 4096, 5 * MIB + 17]) {
    const [plain, one] = [windowSizer(buffers, 100), windowSizer(buffers, 100, position)];
    const inside = position % (4 * KIB);
    expect([one.next() + inside, one.next(), one.next()]).toEqual([plain.next(), plain.next(), plain.next()]);
  }
  // Windows that are no multiple of a block are what was asked for.
  expect(windowSizer(resolveBuffers({ strategy: 'fixed' }, 5000), undefined, 1).next()).toBe(5000);
});

describe('adaptive windows', () => {
  it.each([
    [100, 4 * KIB],
    [4 * KIB, 4 * KIB],
    [20_000, 20 * KIB],
    [64 * KIB, 64 * KIB],
    [256 * KIB, 64 * KIB],
    [undefined, 64 * KIB],
  ])('begin at the smallest chunk or 64 KiB, in blocks: %s', (smallest, first) => {
    expect(sizer({}, smallest).next()).toBe(first);
  });

  it('begin at no less than `min`', () => {
    expect(sizer({ min: 32 * KIB }, 100).next()).toBe(32 * KIB);
    expect(sizer({ min: 256 * KIB }, 100).next()).toBe(256 * KIB);
  });

  it('double up to the cap and stay there', () => {
    const one = sizer({ max: MIB }, 64 * KIB);
    expect(Array.from({ length: 8 }, () => one.next() / KIB)).toEqual([64, 128, 256, 512, 1024, 1024, 1024, 1024]);
  });

  it('grow by the factor that was asked for, in blocks', () => {
    const one = sizer({ max: 200 * KIB, growthFactor: 1.5 }, 4 * KIB);
    expect(Array.from({ length: 11 }, () => one.next() / (4 * KIB))).toEqual([1, 2, 3, 5, 8, 12, 18, 27, 41, 50, 50]);
  });

  it('follow the average of the last chunks up and down, a step a window', () => {
    const one = sizer({ max: 64 * MIB }, 64 * KIB);
    const settledAt = (length: number) => {
      one.cut(new Uint32Array(256).fill(length));
      for (let i = 0; i < 20; i++) one.next();
      return one.next();
    };
    expect(settledAt(64 * KIB)).toBe(MIB);
    expect(settledAt(MIB)).toBe(16 * MIB);
    one.cut(new Uint32Array(256).fill(64 * KIB));
    expect(Array.from({ length: 6 }, () => one.next() / MIB)).toEqual([16, 8, 4, 2, 1, 1]);
    // The average forgets: of chunks seen long ago nothing is left.
    for (let i = 0; i < 256; i++) one.cut(Uint32Array.of(2 * MIB));
    expect(settledAt(2 * MIB)).toBeGreaterThan((32 * MIB) / 1.25);
  });

  it('settle: chunks that spread about the same average change no size', () => {
    const one = sizer({ max: 64 * MIB }, 64 * KIB);
    let state = 1;
    const spread = () => {
      // Normal chunking spreads lengths over min..max: uniform from a quarter to seven quarters is as wide.
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.round(100_000 * (0.25 + 1.5 * (state / 2 ** 32)));
    };
    const sizes: number[] = [];
    for (let window = 0; window < 1000; window++) {
      const lengths: number[] = [];
      const size = one.next();
      for (let bytes = 0; bytes < size; bytes += lengths.at(-1) as number) lengths.push(spread());
      one.cut(Uint32Array.from(lengths));
      sizes.push(size);
    }
    const settled = sizes.slice(100);
    expect(new Set(settled).size).toBe(1);
    expect(settled[0]).toBeGreaterThan(1_600_000 / 1.25);
    expect(settled[0]).toBeLessThan(1_600_000 * 1.25);
  });

  it('are blocks between their bounds, whatever the chunks', () => {
    const property = fc.property(
      fc.integer({ min: 4096, max: MIB }),
      fc.integer({ min: 0, max: 8 * MIB }),
      fc.double({ min: 1.01, max: 16, noNaN: true }),
      fc.array(fc.array(fc.integer({ min: 1, max: 2 ** 24 }), { maxLength: 100 }), { maxLength: 40 }),
      (min, more, growthFactor, windows) => {
        const one = sizer({ min, max: min + more, growthFactor }, 1000);
        let last = Number.NaN;
        for (const lengths of windows) {
          const size = one.next();
          expect(size % 4096).toBe(0);
          expect(size).toBeGreaterThanOrEqual(min);
          expect(size).toBeLessThan(min + more + 4096);
          if (!Number.isNaN(last)) expect(size).toBeLessThanOrEqual(Math.ceil((last * growthFactor) / 4096) * 4096);
          last = size;
          one.cut(Uint32Array.from(lengths));
        }
      },
    );
    fc.assert(property);
  });
});

describe('a strategy of buffers', () => {
  it.each([
    [{ strategy: 'best' }, 'buffers.strategy'],
    [{ strategy: 'adaptive', min: 100 }, 'buffers.min'],
    [{ strategy: 'adaptive', min: 2 ** 27 }, 'buffers.min'],
    [{ strategy: 'adaptive', min: 65_536, max: 4096 }, 'buffers.max'],
    [{ strategy: 'adaptive', max: 2 ** 40 }, 'buffers.max'],
    [{ strategy: 'adaptive', growthFactor: 1 }, 'buffers.growthFactor'],
    [{ strategy: 'adaptive', growthFactor: Number.NaN }, 'buffers.growthFactor'],
  ])('such as %j is refused by the name of what is wrong', (given, name) => {
    expect(() => resolveBuffers(given as BufferStrategy, 4 * MIB)).toThrow(
      expect.objectContaining({ code: 'invalid_input', details: expect.objectContaining({ name }) }),
    );
  });

  it.each([0, -1, 0.5, Number.NaN, 2 ** 27])('is refused with windows of %d bytes', (windowBytes) => {
    for (const strategy of ['fixed', 'adaptive', 'preallocated'] as const) {
      expect(() => resolveBuffers({ strategy }, windowBytes)).toThrow(
        expect.objectContaining({ code: 'invalid_input', details: expect.objectContaining({ name: 'windowBytes' }) }),
      );
    }
  });

  it('that is fixed or preallocated has windows of one size', () => {
    for (const strategy of ['fixed', 'preallocated'] as const) {
      const one = windowSizer(resolveBuffers({ strategy }, 123_456), 100);
      one.cut(Uint32Array.of(1, 2, 3));
      expect([one.next(), one.next()]).toEqual([123_456, 123_456]);
    }
  });

  it('that is preallocated has all memory at once, every page of it touched', async () => {
    const made: Uint8Array[] = [];
    let most = 0;
    let live = 0;
    const take = () => {
      const bytes = new Uint8Array(100_000).fill(1);
      made.push(bytes);
      most = Math.max(most, ++live);
      return { bytes, end: () => void live-- };
    };
    await preallocate(3, take);
    expect([made.length, most, live]).toEqual([3, 3, 0]);
    for (const bytes of made) for (let at = 0; at < bytes.length; at += 4096) expect(bytes[at]).toBe(0);
    const failing = () => {
      if (made.length === 5) throw new Error('no more');
      return take();
    };
    await expect(preallocate(9, failing)).rejects.toThrow('no more');
    expect(live).toBe(0);
  });
});

describe('the windows of a file', () => {
  const data = Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * 7 + (i >>> 8)) & 0xff);
  let folder: string;
  let path: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chunker-windows-'));
    path = join(folder, 'file');
    writeFileSync(path, data);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    [{ strategy: 'fixed' } as const, [256, 256, 256, 208.5654296875]],
    [{ strategy: 'preallocated' } as const, [256, 256, 256, 208.5654296875]],
    [{ strategy: 'adaptive' } as const, [64, 128, 256, 256, 256, 16.5654296875]],
    [{ strategy: 'adaptive', min: 100 * KIB, max: MIB, growthFactor: 4 } as const, [100, 400, 476.5654296875]],
  ])('are as large as %j says, and are the file', async (buffers, sizes) => {
    const source = await openFileSource(path);
    const windows: Buffer[] = [];
    const kept: Uint8Array[] = [];
    for await (const window of readWindows(source, { windowBytes: 256 * KIB, buffers })) {
      windows.push(Buffer.from(window));
      expect(kept.every(({ length }) => length === 0)).toBe(true);
      kept.push(window);
    }
    expect(kept.at(-1)?.length).toBe(0);
    expect(windows.map(({ length }) => length / KIB)).toEqual(sizes);
    expect(Buffer.compare(Buffer.concat(windows), data)).toBe(0);
    await source.close();
  });

  it('end with a failure, an abort or a loop that is left, and nothing is written behind it', async () => {
    for (const leave of ['break', 'abort', 'fail'] as const) {
      const targets: Uint8Array[] = [];
      const reason = new Error('enough');
      const controller = new AbortController();
      let filling = 0;
      const source = {
        size: undefined,
        async fill(target: Uint8Array) {
          targets.push(target);
          filling += 1;
          await new Promise((resolve) => setTimeout(resolve, 2));
          filling -= 1;
          if (leave === 'fail' && targets.length === 3) throw reason;
          return target.length;
        },
        close: async () => {},
      };
      const reading = (async () => {
        let seen = 0;
        for await (const _ of readWindows(source, { windowBytes: 8192, signal: controller.signal })) {
          if (++seen === 2 && leave === 'break') return;
          if (seen === 2 && leave === 'abort') controller.abort(reason);
        }
      })();
      if (leave === 'break') await reading;
      else await expect(reading).rejects.toBe(reason);
      expect(filling).toBe(0);
      expect(targets.every(({ length }) => length === 0)).toBe(true);
    }
  });
});
