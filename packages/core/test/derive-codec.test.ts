import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteBatch, type Codec, type CodecKernel, configure, defineCodec, Registry } from '../src/index.js';
import { bytes, frame, later, small, unframe } from './samples.js';

const coded = (code: string, details: object = {}) => expect.objectContaining({ code, details: expect.objectContaining(details) });
const same = (actual: Uint8Array, expected: Uint8Array) => expect(Buffer.compare(actual, expected)).toBe(0);
const joined = async (source: AsyncIterable<Uint8Array>) => {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
};
const kernel = (methods: Partial<CodecKernel<object>>) =>
  defineCodec({
    name: 'k',
    compress: (data: Uint8Array) => frame(data),
    decompress: (data: Uint8Array, _o: object, { limits }: { limits: { claim(bytes: number): void } }) => unframe(data, limits),
    ...methods,
  } as never) as ReturnType<typeof defineCodec<'k'>>;

describe.each([
  ['here', small],
  ['later', later],
] as const)('derived operations of a codec that answers %s', (when, algorithm) => {
  it('agree with the plain ones', async () => {
    const codec: Codec = await configure(algorithm as typeof small);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), async (items) => {
        const whole = new Uint8Array(Buffer.concat(items));
        const compressed = await codec.compress(whole);
        const output = new Uint8Array(compressed.length + 3).fill(7);
        expect(await codec.compressInto(whole, output)).toBe(compressed.length);
        same(output.subarray(0, compressed.length), compressed);
        expect([...output.subarray(compressed.length)]).toEqual([7, 7, 7]);
        const plain = new Uint8Array(whole.length);
        expect(await codec.decompressInto(compressed, plain)).toBe(whole.length);
        same(plain, whole);
        same(await joined(codec.decompressStream(codec.compressStream(items))), whole);
        const lengths = Uint32Array.from(items, (item) => item.length);
        for (const batch of [items, { buffer: whole, ranges: { lengths } }]) {
          const many: ByteBatch = await codec.compressMany(batch);
          expect([many.length, many.errors.size]).toEqual([items.length, 0]);
          const back = await codec.decompressMany({ buffer: many.buffer, ranges: { lengths: many.lengths } });
          [...back].forEach((item, index) => {
            same(item, items[index] as Uint8Array);
          });
        }
      }),
      { numRuns: 50 },
    );
  });

  it('have synchronous twins where they can', async () => {
    const codec: Codec = await configure(algorithm as typeof small);
    expect(codec.capabilities).toEqual({ sync: when === 'here', parallel: false, own: ['compress', 'decompress'] });
    const works = [() => codec.compressSync(bytes(9)), () => codec.compressIntoSync(bytes(9), new Uint8Array(99)), () => codec.compressManySync([bytes(9)])];
    for (const work of works) {
      if (when === 'here') work();
      else expect(work).toThrow(coded('sync_unavailable'));
    }
  });

  it('tell a buffer that is too small from a limit', async () => {
    const codec: Codec = await configure(algorithm as typeof small);
    const compressed = await codec.compress(bytes(100));
    await expect(codec.decompressInto(compressed, new Uint8Array(99))).rejects.toEqual(coded('output_too_small', { available: 99, needed: 100 }));
    await expect(codec.compressInto(bytes(100), new Uint8Array(107))).rejects.toEqual(coded('output_too_small', { available: 107, needed: 108 }));
    await expect(codec.decompressInto(compressed, new Uint8Array(200), { maxOutputBytes: 99 })).rejects.toEqual(coded('size_exceeded', { limit: 99 }));
    await expect(codec.decompress(compressed, { maxOutputBytes: 99 })).rejects.toEqual(coded('size_exceeded', { limit: 99, declared: 100 }));
    same(await codec.decompress(compressed, { maxOutputBytes: 100 }), bytes(100));
    await expect(joined(codec.decompressStream([compressed], { maxOutputBytes: 99 }))).rejects.toEqual(coded('size_exceeded'));
    for (const maxOutputBytes of [-1, 1.5, Number.NaN, '5'])
      await expect(codec.decompress(compressed, { maxOutputBytes } as never)).rejects.toEqual(coded('invalid_input', { name: 'maxOutputBytes' }));
  });

  it('give each item of a batch its own success or error', async () => {
    const codec: Codec = await configure(algorithm as typeof small);
    const good = await codec.compress(bytes(50));
    const batch = await codec.decompressMany([good, good.subarray(0, 20), good]);
    expect([...batch.lengths]).toEqual([50, 0, 50]);
    expect([...batch.errors.keys()]).toEqual([1]);
    expect(batch.errors.get(1)).toEqual(coded('truncated_input'));
    expect(() => batch.at(1)).toThrow(coded('truncated_input'));
    same(batch.at(2), bytes(50));
  });
});

describe('streams', () => {
  it('of a concatenable codec are one member per window, bounded however long the input', async () => {
    const codec = await configure(small);
    const source = function* () {
      for (let index = 0; index < 40; index++) yield bytes(100_000, index);
    };
    const stream = await joined(codec.compressStream(source()));
    expect(stream.length).toBe(4_000_000 + 8 * Math.ceil(4_000_000 / (1024 * 1024)));
    same(
      await codec.decompress(stream),
      await joined(
        (async function* () {
          yield* source();
        })(),
      ),
    );
    same(await codec.decompress(await joined(codec.compressStream([]))), new Uint8Array(0));
  });

  it('of another are kept whole, up to the buffer limit', async () => {
    const registry = new Registry({ bufferLimitBytes: 1000 }).register(later);
    const codec = await registry.codec('later');
    await expect(joined(codec.compressStream([bytes(600), bytes(401)]))).rejects.toEqual(coded('buffer_limit_exceeded', { attempted: 1001, limit: 1000 }));
    await registry.dispose();
  });

  it('go through Web and Node streams, and are read once', async () => {
    const codec = await configure(small);
    const data = bytes(3_000_000);
    const web = codec.compressStream(new Blob([data as Uint8Array<ArrayBuffer>]).stream()).toWeb();
    same(await joined(codec.decompressStream(codec.compressStream(data as never)).toNode() as AsyncIterable<Uint8Array>), data);
    same(await joined(web.pipeThrough(codec.decompressor() as never) as never), data);
    const once = codec.compressStream([data]);
    await joined(once);
    await expect(joined(once)).rejects.toEqual(coded('already_finished'));
    await expect(joined(codec.compressStream(['text'] as never))).rejects.toEqual(coded('invalid_input'));
    await expect(joined(codec.compressStream(5 as never))).rejects.toEqual(coded('invalid_input'));
  });

  it('let go of their source when their reader stops, fails or aborts', async () => {
    const codec = await configure(small);
    let returned = 0;
    const source = () => ({
      [Symbol.asyncIterator]: () => ({
        count: 0,
        async next() {
          return this.count++ > 2 ? new Promise<never>(() => {}) : { done: false as const, value: bytes(1 << 20) };
        },
        async return() {
          returned++;
          return { done: true as const, value: undefined };
        },
      }),
    });
    for await (const _ of codec.compressStream(source())) break;
    expect(returned).toBe(1);
    const abort = new AbortController();
    const reason = { why: 'enough' };
    const reading = joined(codec.compressStream(source(), { signal: abort.signal }));
    setTimeout(() => abort.abort(reason), 10);
    await expect(reading).rejects.toBe(reason);
    expect(returned).toBe(2);
    const transform = codec.compressor({ signal: AbortSignal.timeout(10) });
    await expect(transform.readable.getReader().read()).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('shared and resizable memory', () => {
  it('is copied 4 MiB per turn of the event loop', async () => {
    const codec = await configure(small);
    const shared = new Uint8Array(new SharedArrayBuffer(17 << 20)).fill(7);
    let turns = 0;
    const count = () => {
      turns++;
      pending = setImmediate(count);
    };
    let pending = setImmediate(count);
    const compressed = await codec.compress(shared);
    clearImmediate(pending);
    expect(turns).toBeGreaterThanOrEqual(4);
    same(await codec.decompress(compressed), Uint8Array.from(shared));
    const reason = new Error('enough');
    const abort = new AbortController();
    const stopped = codec.compress(shared, { signal: abort.signal });
    abort.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    const resizable = new (ArrayBuffer as never as new (n: number, o: object) => ArrayBuffer & { resize(n: number): void })(9 << 20, {
      maxByteLength: 9 << 20,
    });
    const shrunk = codec.compress(new Uint8Array(resizable));
    resizable.resize(1000);
    await expect(shrunk).rejects.toEqual(coded('invalid_input', { name: 'data' }));
  });
});

describe('hostile arguments', () => {
  const views: [string, () => unknown, boolean][] = [
    ['an empty view', () => new Uint8Array(0), true],
    ['a view at an offset', () => new Uint8Array(64).subarray(3, 40), true],
    ['a Buffer of the pool', () => Buffer.from('text'), true],
    ['a resizable buffer', () => new Uint8Array(new (ArrayBuffer as never as new (n: number, o: object) => ArrayBuffer)(8, { maxByteLength: 64 })), true],
    ['shared memory', () => new Uint8Array(new SharedArrayBuffer(8)), true],
    ['an array of another realm', () => runInContext('new Uint8Array([1, 2, 3])', createContext({})), true],
    ['a DataView', () => new DataView(new ArrayBuffer(8)), false],
    ['doubles', () => new Float64Array(2), false],
    ['an ArrayBuffer', () => new ArrayBuffer(8), false],
    ['text', () => 'text', false],
    ['a list', () => [1, 2, 3], false],
    ['null', () => null, false],
    ['nothing', () => undefined, false],
    [
      'a detached view',
      () => {
        const view = new Uint8Array(8);
        structuredClone(view.buffer, { transfer: [view.buffer] });
        return view;
      },
      false,
    ],
    ['a Proxy of a view', () => new Proxy(new Uint8Array(3), {}), false],
  ];
  it.each(views)('%s as input', async (_name, make, accepted) => {
    for (const algorithm of [small, later]) {
      const codec: Codec = await configure(algorithm as typeof small);
      const data = make() as Uint8Array;
      if (accepted) same(await codec.decompress(await codec.compress(data)), Uint8Array.from(data));
      else await expect(codec.compress(data)).rejects.toEqual(coded('invalid_input', { name: 'data' }));
    }
  });

  it('outputs must be fixed memory of their own', async () => {
    const codec = await configure(small);
    const data = bytes(20);
    for (const output of [new Float64Array(9), new Uint8Array(new SharedArrayBuffer(99)), data, data.subarray(5), 'x', null]) {
      expect(() => codec.compressIntoSync(data, output as never)).toThrow(coded('invalid_input', { name: 'output' }));
    }
    const shared = new Uint8Array(200);
    expect(codec.compressIntoSync(shared.subarray(0, 20), shared.subarray(20))).toBe(28);
  });

  it.each([
    ['ranges beyond the buffer', { buffer: new Uint8Array(4), ranges: { lengths: Uint32Array.of(5) } }],
    ['negative offsets', { buffer: new Uint8Array(4), ranges: { lengths: Uint32Array.of(1), offsets: Float64Array.of(-1) } }],
    ['fractions', { buffer: new Uint8Array(4), ranges: { lengths: Uint32Array.of(1), offsets: Float64Array.of(0.5) } }],
    ['NaN', { buffer: new Uint8Array(4), ranges: { lengths: Uint32Array.of(1), offsets: Float64Array.of(Number.NaN) } }],
    ['fewer offsets than lengths', { buffer: new Uint8Array(4), ranges: { lengths: Uint32Array.of(1, 1), offsets: Float64Array.of(0) } }],
    ['lengths that are a list', { buffer: new Uint8Array(4), ranges: { lengths: [1] } }],
    ['no ranges', { buffer: new Uint8Array(4) }],
    ['one buffer', new Uint8Array(4)],
    ['a list with a hole', [new Uint8Array(1), undefined]],
    ['null', null],
  ])('refuses batches of %s', async (_name, batch) => {
    const codec = await configure(small);
    await expect(codec.compressMany(batch as never)).rejects.toEqual(coded('invalid_input'));
    expect(() => codec.compressManySync(batch as never)).toThrow(coded('invalid_input'));
  });

  it('parameters must be what they are', async () => {
    const codec = await configure(small);
    await expect(codec.compress(bytes(1), 5 as never)).rejects.toEqual(coded('invalid_input'));
    await expect(codec.compress(bytes(1), { signal: {} } as never)).rejects.toEqual(coded('invalid_input', { name: 'signal' }));
    const aborted = AbortSignal.abort('before');
    await expect(codec.compress(bytes(1), { signal: aborted })).rejects.toBe('before');
    expect(() => codec.compressSync(bytes(1), { signal: aborted })).toThrow('before');
  });
});

describe('hostile plugins', () => {
  const shared = () => new Uint8Array(new SharedArrayBuffer(8));
  const detached = () => {
    const view = new Uint8Array(8);
    structuredClone(view.buffer, { transfer: [view.buffer] });
    return view;
  };
  it.each([
    ['nothing', () => undefined],
    ['text', () => 'text'],
    ['doubles', () => new Float64Array(3)],
    ['shared memory', shared],
    ['a detached view', detached],
    ['a promise of text', async () => 'text'],
    [
      'an error of its own',
      () => {
        throw new TypeError('mine');
      },
    ],
    [
      'a thrown string',
      () => {
        throw 'text';
      },
    ],
    [
      'a thrown nothing',
      () => {
        throw undefined;
      },
    ],
    [
      'a rejection',
      async () => {
        throw new Error('later');
      },
    ],
    [
      'a thrown Proxy',
      () => {
        throw new Proxy(
          {},
          {
            get() {
              throw new Error('trap');
            },
            getPrototypeOf() {
              throw new Error('trap');
            },
          },
        );
      },
    ],
  ])('that answer %s are named', async (_name, compress) => {
    const codec = await configure(kernel({ compress: compress as never }));
    const named = coded('plugin_failed', { algorithm: 'k', operation: 'compress' });
    await expect(codec.compress(bytes(3))).rejects.toEqual(named);
    const many = await codec.compressMany([bytes(3), bytes(4)]);
    expect([many.errors.size, many.errors.get(0)]).toEqual([2, named]);
  });

  it("that hand out their input, or another realm's arrays, are put right", async () => {
    const data = bytes(5);
    const echo = await configure(kernel({ compress: (input: Uint8Array) => input.subarray(1) }));
    const result = await echo.compress(data);
    same(result, data.subarray(1));
    expect(result.buffer).not.toBe(data.buffer);
    const realm = createContext({});
    const foreign = await configure(kernel({ compress: () => runInContext('new Uint8Array([1, 2])', realm) as Uint8Array }));
    expect(Object.getPrototypeOf(await foreign.compress(data))).toBe(Uint8Array.prototype);
  });

  it('that answer more than the limit, or a wrong count, are caught', async () => {
    const liar = await configure(
      kernel({ decompress: () => new Uint8Array(1000), compressInto: () => 1.5, decompressInto: (_d: Uint8Array, output: Uint8Array) => output.length + 1 }),
    );
    await expect(liar.decompress(bytes(1), { maxOutputBytes: 999 })).rejects.toEqual(coded('size_exceeded', { limit: 999 }));
    await expect(liar.compressInto(bytes(1), new Uint8Array(9))).rejects.toEqual(coded('plugin_failed'));
    await expect(liar.decompressInto(bytes(1), new Uint8Array(9))).rejects.toEqual(coded('plugin_failed'));
    const batch = { buffer: new Uint8Array(4), lengths: Uint32Array.of(9, 9), errors: new Map() };
    const many = await configure(kernel({ compressMany: () => batch as never }));
    await expect(many.compressMany([bytes(1), bytes(2)])).rejects.toEqual(coded('plugin_failed'));
    await expect(many.compressMany([bytes(1)])).rejects.toEqual(coded('plugin_failed'));
  });

  it('that never settle end with an abort, and their scratch stays taken', async () => {
    const stuck = await configure(kernel({ compress: () => new Promise<Uint8Array>(() => {}) }));
    await expect(stuck.compress(bytes(1), { signal: AbortSignal.timeout(5) })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('whose push form breaks are named, and closed', async () => {
    let closed = 0;
    const broken = await configure(
      kernel({
        compressor: () => ({
          push: () => {
            throw new Error('boom');
          },
          finish: () => new Uint8Array(0),
          dispose: () => void closed++,
        }),
      }),
    );
    await expect(joined(broken.compressStream([bytes(3)]))).rejects.toEqual(coded('plugin_failed', { operation: 'compressStream', reason: 'boom' }));
    expect(closed).toBe(1);
  });

  it('may call back into their registry', async () => {
    const registry = new Registry();
    const inner = defineCodec({
      name: 'inner',
      compress: async (data) => (await registry.codec('small' as string)).compress(data),
      decompress: (data) => data.slice(),
    });
    registry.register(small, inner);
    same(await (await registry.codec('inner' as string)).compress(bytes(4)), frame(bytes(4)));
    await registry.dispose();
  });
});
