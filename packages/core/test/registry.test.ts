import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { createContext, runInContext } from 'node:vm';
import * as z from 'zod';
import {
  type Algorithm,
  type ChunkerEvent,
  type Codec,
  configure,
  createScratch,
  defineChunker,
  defineCodec,
  defineHash,
  isChunkerError,
  Registry,
  toJsonSchema,
} from '../src/index.js';
import { bytes, gear, later, levelled, small, sum4, wide } from './samples.js';

const coded = (code: string, details: object = {}) => expect.objectContaining({ code, details: expect.objectContaining(details) });
const plain = (name: unknown, more: object = {}) => ({ name, compress: (data: Uint8Array) => data, decompress: (data: Uint8Array) => data, ...more }) as never;

const boom = (): never => {
  throw new Error('boom');
};

describe('types', () => {
  it('complete and check names and options', () => {
    const registry = Registry.of(levelled, sum4, gear);
    const wrong = () => {
      // @ts-expect-error e1: no such name
      registry.codec('nope');
      // @ts-expect-error e2: no such option, by name
      registry.codec('levelled', { lvl: 1 });
      // @ts-expect-error e3: no such option, by algorithm
      registry.codec(levelled, { lvl: 1 });
      // @ts-expect-error e4: a hash is no codec, by name
      registry.codec('sum4');
      // @ts-expect-error e5: a hash is no codec, by algorithm
      registry.codec(sum4);
      // @ts-expect-error e6: the registry lacks what is needed
      needs(Registry.of(sum4));
      // @ts-expect-error a profile that there is not
      registry.chunker('gear-sample', { profile: 'gear/2' });
      // @ts-expect-error the options of another type
      registry.codec('levelled', { level: '9' });
    };
    const right = () => {
      registry.codec('levelled', { level: 1 });
      registry.codec(levelled, { level: 1 });
      registry.codec('' as string, { anything: 1 });
      registry.fork().register(small).codec('small');
      registry.chunker('gear-sample', { profile: 'gear/1@1k' });
      registry.chunker(gear, { min: 1 });
      registry.codec('levelled' as 'levelled');
      needs(registry);
      library(registry);
    };
    const needs = (given: Registry<typeof levelled>) => given.codec('levelled');
    const library = (given: Registry) => given.codec('levelled' as string);
    expectTypeOf(registry.codec('levelled')).resolves.toEqualTypeOf<Codec>();
    expectTypeOf(new Registry().register(small).codec('small')).resolves.toEqualTypeOf<Codec>();
    expect([wrong, right]).toHaveLength(2);
  });
});

describe('registering', () => {
  it('takes all or none', () => {
    const registry = Registry.of(small);
    const before = registry.list();
    expect(() => registry.register(later, small)).toThrow(coded('duplicate_name', { kind: 'codec', name: 'small' }));
    expect(() => registry.register(later, {} as Algorithm)).toThrow(coded('invalid_plugin'));
    expect(registry.list()).toEqual(before);
    expect(
      registry
        .register(later)
        .list()
        .map(({ name }) => name),
    ).toEqual(['small', 'later']);
  });

  it('replaces only when asked, and keeps names apart by kind', async () => {
    const other = defineCodec(plain('small', { magicBytes: [0x52, 0x4c, 0x45, 0x31] }));
    const registry = Registry.of(small).register(other, { replace: true });
    expect(registry.list()).toHaveLength(1);
    expect(await (await registry.codec('small')).compress(Uint8Array.of(1))).toEqual(Uint8Array.of(1));
    await expect(registry.codec(small as never)).rejects.toEqual(coded('algorithm_unknown'));
    registry.register(defineHash({ name: 'small', digestLength: 1, hash: () => new Uint8Array(1) }));
    await expect(registry.parse('small')).rejects.toEqual(coded('invalid_spec'));
    expect((await registry.parse('small', 'hash')).kind).toBe('hash');
  });

  it.each([
    '__proto__',
    'constructor',
    'toString',
    '',
    ' ',
    'a b',
    'A',
    '-a',
    'a-',
    'a--b',
    'zѕtd',
    'x'.repeat(65),
    'x'.repeat(1_000_000),
    5,
    null,
    undefined,
    {},
    Symbol('s'),
  ])('refuses the name %s', (name) => {
    expect(() => defineCodec(plain(name))).toThrow(coded('invalid_plugin'));
  });

  it.each([
    ['no methods', { compress: undefined }],
    ['half the methods', { decompress: 5 }],
    ['an empty magic', { magicBytes: [] }],
    ['a magic of a megabyte', { magicBytes: new Uint8Array(1 << 20) }],
    ['a magic of no bytes', { magicBytes: [256] }],
    ['a magic of fractions', { magicBytes: [1.5] }],
    ['a mask of another length', { magicBytes: [{ bytes: [1, 2], mask: [255] }] }],
    ['a mask of zeros', { magicBytes: [{ bytes: [1], mask: [0] }] }],
    ['a magic that is text', { magicBytes: 'PK' }],
    ['options that are no schema', { options: { level: 5 } }],
    ['guarantees that are text', { guarantees: { deterministic: 'yes' } }],
    ['a deprecation that is no text', { deprecated: true }],
    ['kernels of an unknown kind', { kernels: { fpga: async () => ({}) } }],
    ['no kernels', { kernels: {} }],
    ['a loader that is no function', { kernels: { js: 5 } }],
    ['a Sync twin that is no function', { compressSync: 5 }],
    ['an Into that is no function', { decompressInto: 'yes' }],
    ['a cost that is no function', { costPerByte: 3 }],
    ['a handle that is not described', { handles: { key: 'secret' } }],
    ['a handle of the name __proto__', { handles: JSON.parse('{"__proto__": {"description": "x"}}') }],
  ])('refuses %s', (_what, more) => {
    expect(() => defineCodec(plain('bad', more))).toThrow(coded('invalid_plugin', { name: 'bad' }));
  });

  it('refuses getters that throw and Proxies that lie, naming the cause', () => {
    const cause = new Error('boom');
    const throwing = {
      get name(): string {
        throw cause;
      },
    };
    expect(() => defineCodec(throwing as never)).toThrow(expect.objectContaining({ code: 'invalid_plugin', cause }));
    let reads = 0;
    const lying = new Proxy(plain('liar') as object, {
      get: (target, key) => (key === 'name' ? (reads++ === 0 ? 'liar' : '__proto__') : Reflect.get(target, key)),
    });
    expect(defineCodec(lying as never).name).toBe('liar');
    expect(reads).toBe(1);
    const hostile = {
      get name(): string {
        throw {
          toString: () => {
            throw new Error('again');
          },
        };
      },
    };
    expect(() => defineCodec(hostile as never)).toThrow(coded('invalid_plugin'));
    const mute = new Proxy({}, { get: boom, has: boom, getPrototypeOf: boom, ownKeys: boom });
    expect(() => Registry.of(mute as never)).toThrow(coded('invalid_plugin'));
    expect(isChunkerError(mute)).toBe(false);
    expect(() => defineHash({ name: 'h', digestLength: 0, hash: () => new Uint8Array(0) })).toThrow(coded('invalid_plugin'));
    expect(() => defineChunker({ name: 'c', cutter: () => ({}) } as never)).toThrow(coded('invalid_plugin'));
  });

  it('refuses contracts of another major version, and reads those of another copy of core', async () => {
    const author = plain('foreign');
    const foreign = (contract: string) =>
      ({ kind: 'codec', name: 'foreign', contract, [Symbol.for('chunker.author')]: author }) as unknown as Algorithm<'codec', 'foreign'>;
    expect(() => new Registry().register(foreign('2.0'))).toThrow(coded('incompatible_contract', { expected: '1.0', actual: '2.0' }));
    expect(() => new Registry().register(foreign(7 as never))).toThrow(coded('incompatible_contract'));
    const codec = await new Registry().register(foreign('1.7')).codec('foreign');
    expect(await codec.compress(Uint8Array.of(3))).toEqual(Uint8Array.of(3));
  });

  it('refuses two formats with one magic; the longest wins; skippable ones may be shared', () => {
    const codec = (name: string, magicBytes: unknown, more: object = {}) => defineCodec(plain(name, { magicBytes, ...more }));
    const registry = Registry.of(codec('short', [1, 2]), codec('long', [1, 2, 3]));
    expect(() => registry.register(codec('twin', [1, 2]))).toThrow(coded('duplicate_magic', { name: 'twin', other: 'short', magic: '0102' }));
    expect(registry.list()).toHaveLength(2);
    expect(registry.detect(Uint8Array.of(1, 2, 3, 4))).toBe('long');
    expect(registry.detect(Uint8Array.of(1, 2, 4))).toBe('short');
    expect(registry.detect(Uint8Array.of(1))).toBeUndefined();
    const skippable = [{ bytes: [0x50, 9], mask: [0xf0, 255], skippable: true }];
    registry.register(codec('one', skippable), codec('two', skippable, { recognise: (head: Uint8Array) => head[2] === 2 }));
    expect(registry.detect(Uint8Array.of(0x5a, 9, 2))).toBe('two');
    expect(registry.detect(Uint8Array.of(0x5f, 9, 1))).toBe('one');
  });
});

describe('taking', () => {
  it('parses options once, keeps the spec, and reads it back', async () => {
    const registry = Registry.of(levelled, gear, wide);
    const codec = await registry.codec('levelled', { fast: true, level: 9 });
    expect([codec.spec, codec.options]).toEqual(['levelled:level=9,fast=true', { level: 9, fast: true }]);
    expect((await registry.parse(codec.spec)).spec).toBe(codec.spec);
    const odd = await registry.codec('levelled', { label: 'a,b=c%:é 4MB' });
    expect((await registry.parse(odd.spec)).options).toEqual(odd.options);
    const chunker = await registry.chunker('gear-sample', { profile: 'gear/1@1k' });
    expect([chunker.spec, chunker.profile, chunker.maxSize]).toEqual(['gear-sample:profile=gear/1@1k', 'gear/1@1k', 4096]);
    expect((await registry.parse(chunker.spec, 'chunker')).profile).toBe('gear/1@1k');
    await expect(registry.chunker('gear-sample', { profile: 'gear/1@1k', min: 1 } as never)).rejects.toEqual(
      coded('invalid_chunking_options', { name: 'min' }),
    );
    await expect(registry.chunker('gear-sample', { profile: '__proto__' } as never)).rejects.toEqual(coded('invalid_chunking_options', { name: 'profile' }));
    expect((await configure(wide, { length: 5 })).digestLength).toBe(5);
  });

  it.each([
    [{ level: 0 }, 'level', '0', '1..9'],
    [{ level: 10 }, 'level', '10', '1..9'],
    [{ level: 1.5 }, 'level', '1.5', '1..9'],
    [{ level: Number.NaN }, 'level', 'NaN', '1..9'],
    [{ level: '16' }, 'level', '"16"', '1..9'],
    [{ level: 16n }, 'level', '16n', '1..9'],
    [{ level: null }, 'level', 'null', '1..9'],
    [{ other: 1 }, 'other', '1', undefined],
    [JSON.parse('{"__proto__": {"level": 3}}'), '__proto__', 'unreadable', undefined],
    ['level=3', 'options', '"level=3"', undefined],
    [[1], 'options', '[1]', undefined],
  ])('refuses the options %o, naming parameter, value and range', async (options, name, value, range) => {
    const error = await Registry.of(levelled)
      .codec('levelled', options as never)
      .catch((thrown: unknown) => thrown);
    expect(error).toEqual(coded('invalid_options', { algorithm: 'levelled', name, value, ...(range === undefined ? {} : { range }) }));
    expect((error as Error).name).toBe('CompressionError');
  });

  it('does not take options for others that print alike', async () => {
    const pair = defineCodec({ ...(plain('pair') as object), options: z.strictObject({ a: z.number().optional(), b: z.number().optional() }) } as never);
    await configure(pair, { a: 1, b: 2 } as never);
    await expect(configure(pair, { 'a:1,b': 2 } as never)).rejects.toEqual(coded('invalid_options', { name: 'a:1,b' }));
  });

  it('refuses call parameters that are no object', async () => {
    const codec = await configure(small);
    const refused = coded('invalid_input', { name: 'call' });
    for (const call of [null, 1000, 'x'] as never[]) {
      await expect(codec.compress(new Uint8Array(1), call)).rejects.toEqual(refused);
      await expect(codec.decompress(new Uint8Array(1), call)).rejects.toEqual(refused);
      expect(() => codec.compressSync(new Uint8Array(1), call)).toThrow(refused);
    }
  });

  it.each([
    ['priority', -1],
    ['priority', 8],
    ['priority', 1.5],
    ['priority', Number.NaN],
    ['priority', '1'],
    ['inPlace', 'yes'],
    ['reservation', 5],
    ['reservation', null],
    ['allowTrailing', 1],
    ['signal', 5],
    ['scratch', {}],
  ])('refuses the call parameter %s = %o', async (name, value) => {
    const codec = await configure(small);
    const framed = codec.compressSync(new Uint8Array(1));
    await expect(codec.decompress(framed, { [name]: value })).rejects.toEqual(coded('invalid_input', { name }));
    expect(() => codec.decompressSync(framed, { [name]: value })).toThrow(coded('invalid_input', { name }));
  });

  it('reads options once, whatever their getters do', async () => {
    let reads = 0;
    const options = {
      get level() {
        return reads++ === 0 ? 3 : 99;
      },
    };
    expect((await configure(levelled, options)).options).toEqual({ level: 3, fast: false });
    expect(reads).toBe(1);
    await expect(configure(small, { level: 1 } as never)).rejects.toEqual(coded('invalid_options', { name: 'level', reason: 'it has no options' }));
  });

  it('copies handles, checks them, and never shows them', async () => {
    const key = Uint8Array.of(222, 173, 190, 239);
    let seen: Uint8Array | undefined;
    const keyed = defineCodec(
      plain('keyed', {
        handles: { key: { description: 'k' } },
        compress(_data: Uint8Array, _options: unknown, call: { handles: { key: Uint8Array } }) {
          seen = call.handles.key;
          return seen.slice();
        },
      }),
    );
    const codec = await configure(keyed, {}, { key });
    key.fill(0);
    await codec.compress(Uint8Array.of(1));
    expect(seen).toEqual(Uint8Array.of(222, 173, 190, 239));
    expect(JSON.stringify([codec, codec.spec, codec.options])).not.toContain('222');
    const refused = await configure(levelled, {}, { key: Uint8Array.of(1, 2, 3) }).catch((thrown: unknown) => thrown);
    expect(refused).toEqual(coded('invalid_options', { name: 'key', value: '3 bytes', reason: 'a key has 4 bytes' }));
    await expect(configure(levelled, {}, { nope: key })).rejects.toEqual(coded('invalid_options', { name: 'nope' }));
    await expect(configure(levelled, {}, { key: 'text' as never })).rejects.toEqual(coded('invalid_options', { name: 'key' }));
  });

  it('says what to install for a name of ours that nobody registered', async () => {
    const error = await new Registry().codec('xz' as string).catch((thrown: unknown) => thrown);
    expect(error).toEqual(coded('algorithm_unknown', { kind: 'codec', name: 'xz', registered: [], install: '@chunker/codec-xz' }));
    expect((error as Error).message).toMatch(/^algorithm_unknown: .*install @chunker\/codec-xz and register it/);
    await expect(Registry.of(small).codec('__proto__' as string)).rejects.toEqual(coded('algorithm_unknown', { registered: ['small'] }));
    expect(isChunkerError(error, 'algorithm_unknown')).toBe(true);
  });

  it('warns once of what is deprecated', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const old = defineCodec(plain('old', { deprecated: 'take small instead' }));
    await configure(old);
    await configure(old);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toBe('old is deprecated: take small instead');
    warn.mockRestore();
  });

  it('loads options when they are needed, and says so when that fails', async () => {
    const load = vi.fn(async () => ({
      default: { '~standard': { version: 1 as const, vendor: 'hand', validate: (value: unknown) => ({ value: value as { size?: number } }) } },
    }));
    const lazy = defineCodec({ ...(plain('lazy') as object), options: load } as never);
    const registry = Registry.of(lazy);
    registry.list();
    expect(load).not.toHaveBeenCalled();
    await registry.codec('lazy' as string, { size: 3 });
    expect(load).toHaveBeenCalledTimes(1);
    await expect(toJsonSchema(lazy)).rejects.toEqual(coded('unsupported_feature'));
    const lost = defineCodec({ ...(plain('lost') as object), options: async () => ({ default: 5 }) } as never);
    await expect(configure(lost)).rejects.toEqual(coded('invalid_plugin', { name: 'lost' }));
  });

  it('exports schemas as JSON Schema', async () => {
    expect(await toJsonSchema(levelled)).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: { level: { minimum: 1, maximum: 9, default: 6 } },
    });
    expect(await toJsonSchema(small)).toMatchObject({ type: 'object', properties: {}, additionalProperties: false });
  });
});

describe('isolation, forks and disposal', () => {
  it.each([null, 5, 'x', { memory: 5 }, { hashCache: 5 }, { smallWork: 1 }, { verify: true }])('refuses the settings %j', (settings) => {
    expect(() => new Registry(settings as never)).toThrow(coded('invalid_input'));
    expect(() => new Registry().fork(settings as never)).toThrow(coded('invalid_input'));
  });

  it.each([null, 5, {}, undefined])('refuses the listener %j', (listener) => {
    const { events } = new Registry();
    expect(() => events.on(listener as never)).toThrow(coded('invalid_input', { name: 'listener' }));
    expect(events.active).toBe(false);
  });

  it('keeps registries and forks apart', async () => {
    const parent = Registry.of(small);
    const fork = parent.fork();
    fork.register(later);
    parent.register(levelled);
    expect(parent.list().map(({ name }) => name)).toEqual(['small', 'levelled']);
    expect(fork.list().map(({ name }) => name)).toEqual(['small', 'later']);
    const seen: ChunkerEvent[] = [];
    parent.events.on((event) => seen.push(event));
    await (await fork.codec('small')).compress(bytes(10));
    expect(seen).toEqual([]);
    await fork.dispose();
    expect((await parent.codec('small')).compressSync(bytes(3))).toHaveLength(11);
    await parent.dispose();
  });

  it('refuses everything after disposal, forks first, and twice is nothing', async () => {
    const registry = Registry.of(small, sum4, gear);
    const fork = registry.fork();
    const [codec, hash, chunker] = [await fork.codec('small'), await fork.hash('sum4'), await registry.chunker('gear-sample')];
    const [hasher, push] = [hash.create(), chunker.open()];
    await Promise.all([registry.dispose(), registry.dispose()]);
    await registry[Symbol.asyncDispose]();
    const gone = coded('registry_disposed');
    for (const work of [
      () => codec.compress(bytes(1)),
      () => hash.hash(bytes(1)),
      () => chunker.chunk(bytes(1)),
      () => registry.codec('small'),
      () => fork.parse('small'),
      () => registry.explain('small'),
      () => registry.ready(),
      () => hasher.update(bytes(1)),
      () => registry.decompressAuto(bytes(1)),
    ]) {
      await expect(work()).rejects.toEqual(gone);
    }
    for (const work of [
      () => codec.compressSync(bytes(1)),
      () => push.feed(bytes(1)),
      () => registry.fork(),
      () => registry.register(later),
      () => registry.list(),
      () => registry.detect(bytes(1)),
    ])
      expect(work).toThrow(gone);
    await expect(
      (async () => {
        for await (const _ of codec.compressStream([bytes(1)]));
      })(),
    ).rejects.toEqual(gone);
  });

  it('waits for what runs, or aborts it, and disposes kernels with the last registry, attempting all', async () => {
    const disposed: string[] = [];
    const kernel = (name: string, fail = false) =>
      defineCodec({
        name,
        kernels: {
          js: async () => ({
            compress: (data: Uint8Array) => new Promise<Uint8Array>((resolve) => setTimeout(() => resolve(data), 20)),
            decompress: () => new Promise<Uint8Array>(() => {}),
            dispose() {
              disposed.push(name);
              if (fail) throw new Error('stuck');
            },
          }),
        },
      } as never);
    const [one, two, three] = [kernel('one'), kernel('two', true), kernel('three')];
    const a = Registry.of(one, two, three);
    const b = Registry.of(one);
    await a.ready();
    const taken = await b.codec('one' as never);
    const running = taken.compress(bytes(3));
    await expect(a.dispose()).rejects.toEqual(coded('plugin_failed'));
    expect(disposed).toEqual(['three', 'two']);
    const waited = b.dispose();
    expect(await running).toEqual(bytes(3));
    await waited;
    expect(disposed).toEqual(['three', 'two', 'one']);
    const c = Registry.of(one);
    const never = (await c.codec('one' as never)).decompress(bytes(3));
    await Promise.all([expect(never).rejects.toEqual(coded('registry_disposed')), c.dispose({ abort: true })]);
  });
});

describe('disposal from within', () => {
  const waiting = (registry: () => Registry) =>
    defineCodec({
      name: 'waiting',
      compress: (data) => data,
      async decompress(data) {
        await registry().dispose();
        return data;
      },
    });

  it('may be awaited in the loop over a stream, and by what the stream reads', async () => {
    for (const inSource of [false, true]) {
      const registry: Registry<ReturnType<typeof waiting>> = new Registry().register(waiting(() => registry as never));
      const codec = await registry.codec('waiting');
      const source = async function* () {
        yield bytes(5);
        if (inSource) await registry.dispose();
        yield bytes(5);
      };
      const read = async () => {
        for await (const _ of codec.compressStream(source())) await registry.dispose();
      };
      await expect(
        read().then(
          () => 'read',
          (error: { code: string }) => error.code,
        ),
      ).resolves.toMatch(/^(read|registry_disposed)$/);
      await registry.dispose();
    }
  });

  it('by work that is waited for ends when somebody aborts', async () => {
    const registry: Registry<ReturnType<typeof waiting>> = new Registry().register(waiting(() => registry as never));
    const codec = await registry.codec('waiting');
    const running = codec.decompress(bytes(5));
    const ended = expect(running).rejects.toEqual(coded('registry_disposed'));
    const disposal = registry.dispose();
    const first = await Promise.race([disposal.then(() => 'disposed'), new Promise((resolve) => setTimeout(() => resolve('waits'), 50))]);
    expect(first).toBe('waits');
    await registry.dispose({ abort: true });
    await disposal;
    await ended;
  });
});

describe('work of many steps', () => {
  const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 2));
  const steps = defineHash({
    name: 'steps',
    digestLength: 1,
    kernels: {
      native: async () => {
        const hash = async (data: Uint8Array) => {
          await tick();
          return Uint8Array.of(data.length & 0xff);
        };
        const create = () => {
          let length = 0;
          const update = async (data: Uint8Array) => {
            await tick();
            length += data.length;
          };
          return { update, digest: async () => Uint8Array.of(length & 0xff) };
        };
        return { placement: 'away' as const, hash, create };
      },
    },
  } as never);
  const slow = plain('slow', { compress: (data: Uint8Array) => tick().then(() => data) });
  const start = async (registry: Registry) => {
    const hash = await registry.hash('steps' as never);
    const codec = await registry.codec('slow' as never);
    const items = Array.from({ length: 40 }, () => bytes(2));
    return [hash.hash(new Uint8Array(5 * 2 ** 20 + 7)), hash.hashMany(items), codec.compressMany(items)] as const;
  };
  const registry = () => Registry.of(steps, defineCodec(slow)) as unknown as Registry;

  it('that runs when its registry is disposed comes to its end', async () => {
    const disposed = registry();
    const [large, digests, batch] = await start(disposed);
    const disposal = disposed.dispose();
    expect(await large).toEqual(Uint8Array.of(7));
    expect(await digests).toEqual(new Uint8Array(40).fill(2));
    expect((await batch).errors.size).toBe(0);
    await disposal;
  });

  it('is rejected when its registry is disposed with abort', async () => {
    const disposed = registry();
    const running = await start(disposed);
    const outcomes = Promise.allSettled(running);
    await disposed.dispose({ abort: true });
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'registry_disposed' } });
  });
});

describe('streams of a disposed registry', () => {
  it('end at their next pull, and do not hold disposal up', async () => {
    const registry = Registry.of(small, gear);
    const streams = [
      (await registry.codec('small')).compressStream([bytes(2_000_000), bytes(2_000_000)])[Symbol.asyncIterator](),
      (await registry.chunker('gear-sample')).chunkStream([bytes(100_000)])[Symbol.asyncIterator](),
    ];
    for (const stream of streams) await stream.next();
    await registry.dispose();
    for (const stream of streams) await expect(stream.next()).rejects.toEqual(coded('registry_disposed'));
  });
});

describe('events', () => {
  it('tell start, end, error and bytes, and a listener that throws disturbs nothing', async () => {
    const registry = Registry.of(small);
    const codec = await registry.codec('small');
    const seen: ChunkerEvent[] = [];
    registry.events.on(() => {
      throw new Error('a bad listener');
    });
    const off = registry.events.on((event) => seen.push(event));
    expect(registry.events.active).toBe(true);
    await codec.compress(bytes(100));
    await expect(codec.decompress(bytes(3))).rejects.toEqual(coded('truncated_input'));
    for await (const _ of codec.compressStream([bytes(10), bytes(20)]));
    const [start, end, start2, error, start3, some, more, end3] = seen;
    expect(start).toMatchObject({ type: 'start', kind: 'codec', algorithm: 'small', operation: 'compress', kernel: 'js', inputBytes: 100 });
    expect(end).toMatchObject({ type: 'end', id: start?.id, inputBytes: 100, outputBytes: 108, items: 1 });
    expect([start2?.type, error?.type, error?.id]).toEqual(['start', 'error', start2?.id]);
    expect([start3?.operation, some, more, end3]).toMatchObject([
      'compressStream',
      { type: 'bytes', bytes: 10 },
      { type: 'bytes', bytes: 20 },
      { type: 'end', inputBytes: 30, outputBytes: 38 },
    ]);
    off();
    await codec.compress(bytes(1));
    expect(seen).toHaveLength(8);
    await registry.dispose();
  });
});

describe('detection', () => {
  it('decompresses what it knows, and shows eight bytes of what it does not', async () => {
    const registry = Registry.of(later, small);
    const data = bytes(5000);
    const compressed = (await registry.codec('small')).compressSync(data);
    expect(await registry.decompressAuto(compressed)).toEqual(data);
    const parts: Uint8Array[] = [];
    for await (const part of registry.decompressStreamAuto(
      (function* () {
        for (const byte of compressed) yield Uint8Array.of(byte);
      })(),
    ))
      parts.push(part);
    expect(new Uint8Array(Buffer.concat(parts))).toEqual(data);
    await expect(registry.decompressAuto(Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5))).rejects.toEqual(
      coded('unknown_format', { head: 'deadbeef01020304', registered: ['later', 'small'] }),
    );
    await expect(registry.decompressAuto(new Uint8Array(0))).rejects.toEqual(coded('unknown_format', { head: '' }));
  });
});

describe('scratches', () => {
  it('keep what was used last within their bound, and serve one call at a time', async () => {
    const scratch = createScratch(100);
    const keys = [{}, {}, {}];
    const made: number[] = [];
    const keep = (index: number, weight: number) => scratch.keep(keys[index] as object, () => made.push(index), weight);
    keep(0, 60);
    keep(1, 40);
    keep(0, 60);
    keep(2, 40);
    expect([scratch.bytes, made]).toEqual([100, [0, 1, 2]]);
    keep(0, 60);
    keep(1, 40);
    expect(made).toEqual([0, 1, 2, 1]);
    keep(2, 1000);
    expect(scratch.bytes).toBeLessThanOrEqual(100);
    scratch.clear();
    expect(scratch.bytes).toBe(0);
    const codec = await configure(later);
    const first = codec.compress(bytes(5), { scratch });
    await expect(codec.compress(bytes(5), { scratch })).rejects.toEqual(coded('scratch_in_use'));
    await first;
    await codec.compress(bytes(5), { scratch });
    expect(() => createScratch(-1)).toThrow(coded('invalid_input'));
    await expect(codec.compress(bytes(1), { scratch: {} as never })).rejects.toEqual(coded('invalid_input'));
  });
});

it('accepts options from another realm', async () => {
  const options = runInContext('({ level: 4 })', createContext({})) as { level: number };
  expect((await configure(levelled, options)).options).toEqual({ level: 4, fast: false });
});
