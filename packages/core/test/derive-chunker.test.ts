import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Chunk, type Chunker, configure, type Cutter, defineChunker, Registry } from '../src/index.js';
import { cutInParallel } from '../src/derive/parallel-cuts.js';
import { CheckedCutter } from '../src/derive/cuts.js';
import { nearestHint } from '../src/derive/hints.js';
import { bytes, gear } from './samples.js';

const coded = (code: string, details: object = {}) => expect.objectContaining({ code, details: expect.objectContaining(details) });
const empty = { '~standard': { version: 1 as const, vendor: 'hand', validate: (value: unknown) => ({ value: value as Record<never, never> }) } };
const custom = (cutter: () => unknown, more: object = {}) =>
  defineChunker({ name: 'custom', options: empty, cutter, ...more } as never) as never as typeof gear;
const lengthsOf = async (chunks: AsyncIterable<Chunk>) => {
  const lengths: number[] = [];
  let offset = 0;
  for await (const chunk of chunks) {
    expect(chunk.offset).toBe(offset);
    offset += chunk.length;
    lengths.push(chunk.length);
  }
  return lengths;
};

function* split(data: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let index = 0; at < data.length; index++) {
    const size = sizes[index % sizes.length] as number;
    yield data.subarray(at, at + size);
    at += size;
  }
}

/** The rule in its plainest words, by a linear search: judges the binary one. */
function hinted(natural: number, hints: readonly number[], tolerance: number, least: number, most: number): number {
  const fitting = hints.filter((hint) => Math.abs(hint - natural) <= tolerance && hint >= least && hint <= most);
  return (
    fitting.reduce(
      (best, hint) => (best === undefined || Math.abs(hint - natural) < Math.abs(best - natural) ? hint : best),
      undefined as number | undefined,
    ) ?? natural
  );
}

describe('derived operations of a chunker', () => {
  it('cut at the same places by every door, however the data arrive', async () => {
    const chunker = await configure(gear, { profile: 'gear/1@128' });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(20_000),
        fc.nat(1000),
        fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (count, seed, given, useHints) => {
          const sizes = given.some((size) => size > 0) ? given : [1000];
          const data = bytes(count, seed);
          const hints = useHints ? { at: Float64Array.from({ length: 40 }, (_, index) => index * 401 + (seed % 97)), toleranceBytes: 60 } : undefined;
          const call = hints === undefined ? {} : { hints };
          const whole = chunker.chunkSync(data, call);
          const expected = [...whole.lengths];
          expect(expected.reduce((sum, length) => sum + length, 0)).toBe(count);
          expect(expected.every((length, index) => length <= chunker.maxSize && (length >= chunker.minSize || index === expected.length - 1))).toBe(true);
          expect([...(await chunker.chunk(data, call)).lengths]).toEqual(expected);
          expect(await lengthsOf(chunker.chunkStream(split(data, sizes), call))).toEqual(expected);
          const push = chunker.open(call);
          const pushed = [...split(data, sizes)].flatMap((piece) => push.feed(piece));
          pushed.push(...push.finish());
          expect(pushed.map(({ length }) => length)).toEqual(expected);
          expect(pushed.map(({ offset }) => offset)).toEqual([...whole.offsets()]);
          const many = await chunker.chunkMany([data, data.subarray(0, count >> 1)], call);
          expect([...(many[0]?.lengths ?? [])]).toEqual(expected);
          expect(many[1]?.lengths).toEqual(chunker.chunkManySync([data.subarray(0, count >> 1)], call)[0]?.lengths);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('leave empty input without chunks and short input in one', async () => {
    const chunker = await configure(gear);
    for (const count of [0, 1, 63, 64]) {
      const expected = count === 0 ? [] : [count];
      expect([...chunker.chunkSync(bytes(count)).lengths]).toEqual(expected);
      expect(await lengthsOf(chunker.chunkStream([bytes(count)]))).toEqual(expected);
      const push = chunker.open();
      expect([...push.feed(bytes(count)), ...push.finish()].map(({ length }) => length)).toEqual(expected);
    }
  });

  it('leave what more bytes could change to the next window', async () => {
    const chunker = await configure(gear);
    const data = bytes(10_000);
    const expected = [...chunker.chunkSync(data).lengths];
    const first = [...(await chunker.cutWindow(data.subarray(0, 5000), false))];
    expect(first).toEqual(expected.slice(0, first.length));
    const at = first.reduce((sum, length) => sum + length, 0);
    expect(5000 - at).toBeLessThan(chunker.reach);
    expect([...first, ...(await chunker.cutWindow(data.subarray(at), true))]).toEqual(expected);
    expect([...(await chunker.cutWindow(data.subarray(0, chunker.reach - 1), false))]).toEqual([]);
  });

  it('count offsets beyond 4 GiB exactly', async () => {
    const big = await configure(custom(() => ({ minSize: 1 << 24, maxSize: 1 << 24, nextCut: (window: Uint8Array) => Math.min(1 << 24, window.length) })));
    const piece = new Uint8Array(1 << 24);
    const source = function* () {
      for (let index = 0; index < 257; index++) yield piece;
      yield Uint8Array.of(1, 2, 3);
    };
    let last: Chunk | undefined;
    for await (const chunk of big.chunkStream(source())) last = chunk;
    expect([last?.offset, last?.length]).toEqual([257 * 2 ** 24, 3]);
  });

  it('come out of a stream while its source is slow, and the same', async () => {
    const chunker = await configure(gear);
    const data = bytes(60_000);
    const lengths: number[] = [];
    let delivered = 0;
    // A piece comes only when the chunks of those before it have come out, but for what a chunker looks ahead: one that waited for more would wait for ever.
    async function* slow() {
      for (let at = 0; at < data.length; at += 10_000) {
        while (delivered < at - chunker.maxSize) await new Promise((resolve) => setTimeout(resolve, 5));
        yield data.subarray(at, at + 10_000);
      }
    }
    for await (const { length } of chunker.chunkStream(slow())) {
      delivered += length;
      lengths.push(length);
    }
    expect(lengths).toEqual([...chunker.chunkSync(data).lengths]);
    async function* failing() {
      yield data.subarray(0, 10_000);
      await new Promise((resolve) => setTimeout(resolve, 80));
      throw new Error('the wire is cut');
    }
    await expect(lengthsOf(chunker.chunkStream(failing()))).rejects.toThrow('the wire is cut');
  });

  it('need no more buffers than are allowed', async () => {
    const far = custom(() => ({ minSize: 1, maxSize: 2 ** 20, nextCut: (window: Uint8Array) => Math.min(2 ** 20, window.length) }));
    const limited = await new Registry({ bufferLimitBytes: 4 * 2 ** 20 - 1 }).register(far).chunker(far.name as never);
    await expect(lengthsOf(limited.chunkStream([bytes(10)]))).rejects.toThrow(
      coded('buffer_limit_exceeded', { attempted: 4 * 2 ** 20, limit: 4 * 2 ** 20 - 1 }),
    );
    const budget = new Registry({ memory: { hardLimitBytes: 4 * 2 ** 20 } }).register(far);
    const chunker = await budget.chunker(far.name as never);
    expect(await lengthsOf(chunker.chunkStream([bytes(10)]))).toEqual([10]);
    expect(budget.memory.report()).toMatchObject({ currentBytes: 0, peakBytes: 4 * 2 ** 20 });
  });

  it('show payloads only when asked: views of the input, or copies', async () => {
    const chunker = await configure(gear);
    const data = bytes(3000);
    for (const chunk of chunker.chunkSync(data)) {
      expect(chunk.payload).toBeUndefined();
      expect(() => chunk.copy()).toThrow(coded('invalid_input'));
    }
    for (const chunk of chunker.chunkSync(data, { payload: 'view' })) {
      expect(chunk.payload?.buffer).toBe(data.buffer);
      expect(chunk.copy()).toEqual(data.slice(chunk.offset, chunk.offset + chunk.length));
    }
    for (const chunk of chunker.chunkSync(data, { payload: 'copy' })) expect(chunk.payload?.buffer).not.toBe(data.buffer);
    expect(() => chunker.chunkSync(data, { payload: 'all' } as never)).toThrow(coded('invalid_input', { name: 'payload' }));
  });

  it('keep a view of a stream right or empty, never wrong', async () => {
    const chunker = await configure(gear, { profile: 'gear/1@1k' });
    const data = bytes(5_000_000);
    const kept: Chunk[] = [];
    const right = (chunk: Chunk) => Buffer.compare(chunk.payload as Uint8Array, data.subarray(chunk.offset, chunk.offset + chunk.length)) === 0;
    for await (const chunk of chunker.chunkStream(split(data, [70_000]), { payload: 'view' })) {
      expect(right(chunk)).toBe(true);
      kept.push(chunk);
      const older = kept[Math.floor(kept.length / 2)] as Chunk;
      expect(older.payload?.length === 0 || right(older)).toBe(true);
    }
    expect(kept.every((chunk) => chunk.payload?.length === 0)).toBe(true);
    expect(() => kept[0]?.copy()).toThrow(coded('already_finished'));
    for await (const chunk of chunker.chunkStream([data], { payload: 'copy' })) kept.push(chunk);
    expect(kept.slice(-3).every(right)).toBe(true);
  });

  it('refuse a push interface after its end, and hand chunks out one by one', async () => {
    const chunker = await configure(gear);
    const push = chunker.open({ payload: 'view' });
    const data = bytes(5000);
    const fed = push.feed(data, { collect: false });
    expect(fed).toEqual([]);
    const first = push.nextChunk() as Chunk;
    expect(first.copy()).toEqual(data.slice(0, first.length));
    push.feed(bytes(5000));
    expect(first.copy()).toEqual(data.slice(0, first.length));
    push.finish();
    for (const work of [() => push.feed(bytes(1)), () => push.finish(), () => push.nextChunk()]) expect(work).toThrow(coded('already_finished'));
    const failing = chunker.open();
    expect(() => failing.feed('text' as never)).toThrow(coded('invalid_input'));
    expect(() => failing.feed(bytes(1))).toThrow(coded('already_finished'));
  });
});

describe('hints', () => {
  it('draw a cut to the nearest hint within tolerance and sizes, the earlier of two', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(400), { maxLength: 12 }),
        fc.nat(100),
        fc.integer({ min: 1, max: 200 }),
        fc.nat(200),
        fc.nat(200),
        (list, tolerance, natural, position, room) => {
          const at = Float64Array.from(list).sort();
          const [least, most] = [Math.max(1, natural - room), natural + room];
          const expected = hinted(
            natural,
            [...at].map((hint) => hint - position),
            tolerance,
            least,
            most,
          );
          expect(nearestHint({ at, toleranceBytes: tolerance }, position, natural, least, most)).toBe(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('must be offsets that ascend', async () => {
    const chunker = await configure(gear);
    for (const hints of [
      { at: [1] },
      { at: Float64Array.of(3, 2) },
      { at: Float64Array.of(-1) },
      { at: Float64Array.of(0.5) },
      { at: Float64Array.of(1), toleranceBytes: -1 },
      5,
    ]) {
      expect(() => chunker.chunkSync(bytes(10), { hints } as never)).toThrow(coded('invalid_input'));
    }
  });
});

describe('parallel cutting', () => {
  const away = (cutter: Cutter): Cutter => ({
    ...cutter,
    async cutAll(window, isLast) {
      await new Promise((resolve) => setTimeout(resolve, window.length % 3));
      return new CheckedCutter(cutter).allSync(window, isLast, undefined);
    },
  });
  const sample = (): Cutter => ({
    minSize: 1000,
    maxSize: 60_000,
    nextCut(window) {
      const end = Math.min(60_000, window.length);
      for (let index = 1000; index < end; index++) if (window[index] === 7 && (window[index - 1] as number) < 16) return index;
      return end;
    },
  });

  it('gives exactly the sequential cuts, for content and for fixed sizes', async () => {
    const data = bytes(50_000_000, 5);
    data.fill(0, 10_000_000, 30_000_000);
    const fixed: Cutter = { minSize: 77_777, maxSize: 77_777, nextCut: (window) => Math.min(77_777, window.length) };
    for (const cutter of [sample(), fixed]) {
      const expected = new CheckedCutter(cutter).allSync(data, true, undefined);
      for (const [length, isLast] of [
        [data.length, true],
        [data.length, false],
        [40_000_001, true],
      ] as const) {
        const part = data.subarray(0, length);
        const sequential = length === data.length && isLast ? expected : new CheckedCutter(cutter).allSync(part, isLast, undefined);
        const parallel = await cutInParallel(new CheckedCutter(away(cutter)), part, isLast, { handles: {} });
        expect(
          Buffer.compare(new Uint8Array(parallel.buffer, 0, parallel.byteLength), new Uint8Array(sequential.buffer, 0, sequential.byteLength)),
          `${length} ${isLast}`,
        ).toBe(0);
      }
    }
  });

  it('is what a kernel away from the thread gets, in windows', async () => {
    const windows: number[] = [];
    const inner = away(sample());
    const chunker: Chunker = await configure(
      custom(
        () => ({
          ...inner,
          cutAll(window: Uint8Array, isLast: boolean, call: never) {
            windows.push(window.length);
            return inner.cutAll?.(window, isLast, call);
          },
        }),
        { placement: 'away' },
      ),
    );
    const data = bytes(20_000_000, 9);
    expect([...(await chunker.chunk(data)).lengths]).toEqual([...chunker.chunkSync(data).lengths]);
    expect(windows.length).toBeGreaterThan(4);
    expect(Math.max(...windows)).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(chunker.capabilities.parallel).toBe(true);
  });
});

describe('hostile chunkers', () => {
  const cutter = (nextCut: (window: Uint8Array) => unknown, more: object = {}) => custom(() => ({ minSize: 2, maxSize: 10, nextCut, ...more }));
  it.each([
    ['0', () => 0],
    ['-1', () => -1],
    ['a fraction', () => 2.5],
    ['NaN', () => Number.NaN],
    ['more than there is', (window: Uint8Array) => window.length + 1],
    ['more than maxSize', () => 11],
    ['less than minSize', () => 1],
    ['text', () => '5'],
    ['a promise', async () => 5],
    [
      'an error',
      () => {
        throw new Error('boom');
      },
    ],
  ])('whose cut is %s are named', async (_name, nextCut) => {
    const chunker = await configure(cutter(nextCut));
    const named = coded('plugin_failed', { algorithm: 'custom' });
    expect(() => chunker.chunkSync(bytes(30))).toThrow(named);
    await expect(chunker.chunk(bytes(30))).rejects.toEqual(named);
    await expect(lengthsOf(chunker.chunkStream([bytes(30)]))).rejects.toEqual(named);
    expect(() => chunker.open().feed(bytes(30))).toThrow(named);
  });

  it.each([
    ['no cutter', () => undefined],
    ['a minSize of 0', () => ({ minSize: 0, maxSize: 5, nextCut: () => 1 })],
    ['a cutAll that is no function', () => ({ minSize: 1, maxSize: 5, nextCut: () => 1, cutAll: 5 })],
    ['an open that is no function', () => ({ minSize: 1, maxSize: 5, nextCut: () => 1, open: {} })],
    ['a maxSize below minSize', () => ({ minSize: 5, maxSize: 4, nextCut: () => 1 })],
    ['a maxSize of 2^53', () => ({ minSize: 5, maxSize: 2 ** 53, nextCut: () => 1 })],
    ['no nextCut', () => ({ minSize: 1, maxSize: 4 })],
    [
      'an error',
      () => {
        throw new Error('boom');
      },
    ],
  ])('that give %s are refused when they are taken', async (_name, make) => {
    await expect(configure(custom(make))).rejects.toEqual(coded('plugin_failed', { algorithm: 'custom', operation: 'configure' }));
  });

  it.each([
    ['too few', () => Uint8Array.of(1)],
    ['a gap', () => Uint32Array.of(5)],
    ['zeros', () => Uint32Array.of(0, 10, 10, 10)],
    ['too much', () => Uint32Array.of(10, 10, 10, 10)],
    ['chunks too long', () => Uint32Array.of(15, 15)],
    ['short chunks in the middle', () => Uint32Array.of(10, 1, 10, 9)],
  ])('whose cutAll answers %s are named', async (_name, cutAll) => {
    const chunker = await configure(cutter((window) => Math.min(10, window.length), { cutAll, cutAllSync: cutAll }));
    await expect(chunker.chunk(bytes(30))).rejects.toEqual(coded('plugin_failed'));
    expect(() => chunker.chunkSync(bytes(30))).toThrow(coded('plugin_failed'));
  });

  it('are disposed with their registry', async () => {
    let disposed = 0;
    const registry = Registry.of(cutter((window) => Math.min(10, window.length), { dispose: () => void disposed++ }));
    await registry.chunker('custom' as never);
    await registry.dispose();
    expect(disposed).toBe(1);
  });
});
