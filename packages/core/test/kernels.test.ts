import { afterEach, describe, expect, it } from 'vitest';
import { type ChunkerEvent, CompressionError, configure, defineChunker, defineCodec, defineHash, HashingError, Registry } from '../src/index.js';
import { bytes } from './samples.js';

afterEach(() => {
  delete process.env.CHUNKER_KERNEL;
});

const coded = (code: string, details: object = {}) => expect.objectContaining({ code, details: expect.objectContaining(details) });
const digest = (first: number) => ({ hash: (data: Uint8Array) => Uint8Array.of(first, data.length & 255) });

const ladder = () =>
  defineHash({
    name: 'ladder',
    digestLength: 2,
    kernels: {
      js: async () => digest(5),
      accelerator: { load: async () => digest(1), probe: () => ({ available: false as const, reason: 'no card in this machine' }) },
      native: async () => {
        throw new Error('no binary for this platform');
      },
      platform: { load: async () => digest(3), probe: async () => ({ available: true as const }) },
    },
  });

describe('selection', () => {
  it('tries kernels in order and keeps every reason', async () => {
    const registry = Registry.of(ladder());
    expect((await registry.hash('ladder')).kernel).toBe('platform');
    expect(await registry.explain('ladder')).toEqual({
      kind: 'hash',
      name: 'ladder',
      chosen: 'platform',
      kernels: [
        { kind: 'accelerator', available: false, chosen: false, reason: 'no card in this machine' },
        { kind: 'native', available: false, chosen: false, reason: 'no binary for this platform' },
        { kind: 'platform', available: true, chosen: true },
      ],
    });
    await expect(registry.explain(null as never)).rejects.toMatchObject({ code: 'invalid_input' });
    expect((await registry.explain('ladder', { all: true })).kernels.map(({ kind, available }) => [kind, available])).toEqual([
      ['accelerator', false],
      ['native', false],
      ['platform', true],
      ['js', true],
    ]);
    await registry.dispose();
  });

  it('is forced by the taking, before the registry, before the environment', async () => {
    const registry = new Registry({ kernel: 'js' }).register(ladder());
    process.env.CHUNKER_KERNEL = 'native';
    expect((await registry.hash('ladder')).kernel).toBe('js');
    expect((await registry.hash('ladder', {}, undefined, { kernel: ['wasm', 'platform'] })).kernel).toBe('platform');
    expect((await registry.hash('ladder', {}, undefined, { kernel: 'auto' })).kernel).toBe('platform');
    await expect(configure(ladder())).rejects.toEqual(
      coded('algorithm_unavailable', { tried: [{ kind: 'native', available: false, chosen: false, reason: 'no binary for this platform' }] }),
    );
    process.env.CHUNKER_KERNEL = 'wasm, js';
    expect((await configure(ladder())).kernel).toBe('js');
    process.env.CHUNKER_KERNEL = 'fpga';
    await expect(configure(ladder())).rejects.toEqual(coded('invalid_input', { name: 'CHUNKER_KERNEL', value: 'fpga' }));
    expect(() => new Registry({ kernel: [] })).toThrow(coded('invalid_input'));
    const error = await registry.hash('ladder', {}, undefined, { kernel: 'wasm' }).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain("no kernel of the hash 'ladder' works here: wasm (there is none)");
  });

  it('forgets a failed load, survives a probe that throws, and refuses kernels that are none', async () => {
    let attempts = 0;
    const flaky = defineHash({
      name: 'flaky',
      digestLength: 2,
      kernels: {
        accelerator: {
          load: async () => digest(1),
          probe: () => {
            throw new Error('the driver is gone');
          },
        },
        wasm: async () => ({}) as never,
        js: async () => {
          if (attempts++ === 0) throw new Error('not yet');
          return digest(5);
        },
      },
    });
    await expect(configure(flaky)).rejects.toEqual(
      coded('algorithm_unavailable', {
        tried: [
          { kind: 'accelerator', available: false, chosen: false, reason: 'its probe failed: the driver is gone' },
          { kind: 'wasm', available: false, chosen: false, reason: 'it has no hash()' },
          { kind: 'js', available: false, chosen: false, reason: 'not yet' },
        ],
      }),
    );
    expect((await configure(flaky)).kernel).toBe('js');
    expect((await configure(flaky)).kernel).toBe('js');
    expect(attempts).toBe(2);
  });
});

describe('a failing accelerator', () => {
  it('is an error event, and the next kernel carries on; what is wrong with the data is an answer', async () => {
    let mood: 'well' | 'broken' | 'refusing' = 'well';
    const card = defineCodec({
      name: 'card',
      kernels: {
        accelerator: async () => ({
          compress: async (data: Uint8Array) => {
            if (mood === 'broken') throw new Error('the card has fallen off the bus');
            return Uint8Array.of(1, ...data);
          },
          decompress: (data: Uint8Array) => {
            if (mood === 'refusing') throw new CompressionError('corrupt_data', {});
            if (mood === 'broken') throw new Error('again');
            return data.slice(1);
          },
        }),
        js: async () => ({ compress: (data: Uint8Array) => Uint8Array.of(2, ...data), decompress: (data: Uint8Array) => data.slice(1) }),
      },
    });
    const registry = Registry.of(card);
    const errors: ChunkerEvent[] = [];
    registry.events.on((event) => void (event.type === 'error' && errors.push(event)));
    const codec = await registry.codec('card');
    expect(codec.kernel).toBe('accelerator');
    expect((await codec.compress(bytes(3)))[0]).toBe(1);
    mood = 'broken';
    expect((await codec.compress(bytes(3)))[0]).toBe(2);
    expect(codec.decompressSync(Uint8Array.of(1, 7))).toEqual(Uint8Array.of(7));
    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatchObject({ algorithm: 'card', operation: 'compress', error: coded('plugin_failed', { reason: 'the card has fallen off the bus' }) });
    mood = 'refusing';
    await expect(codec.decompress(bytes(3))).rejects.toEqual(coded('corrupt_data'));
    expect((await registry.explain('card')).verification).toMatchObject({ operations: 4, failures: 2, differences: 0 });
    await registry.dispose();
  });
});

describe('verification', () => {
  const sometimes = (wrongAt: number) => {
    let count = 0;
    return defineHash({
      name: 'sometimes',
      digestLength: 2,
      kernels: {
        native: async () => ({ hash: async (data: Uint8Array) => (++count === wrongAt ? Uint8Array.of(9, 9) : Uint8Array.of(5, data.length & 255)) }),
        js: async () => digest(5),
      },
    });
  };

  it('reports a difference and returns the trusted result', async () => {
    const registry = new Registry({ verify: { kind: 'js' } }).register(sometimes(2));
    const errors: ChunkerEvent[] = [];
    registry.events.on((event) => void (event.type === 'error' && errors.push(event)));
    const hash = await registry.hash('sometimes');
    expect(hash.kernel).toBe('native');
    for (let round = 0; round < 3; round++) expect(await hash.hash(bytes(7))).toEqual(Uint8Array.of(5, 7));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ error: coded('kernel_mismatch', { kernel: 'native', trusted: 'js' }) });
    expect((await registry.explain('sometimes')).verification).toMatchObject({
      operations: 3,
      bytes: 21,
      compared: 3,
      differences: 1,
      speedUp: expect.any(Number),
    });
    await registry.dispose();
  });

  it('looks at every so many operations, and reaches derived operations, too', async () => {
    const registry = Registry.of(sometimes(1));
    const hash = await registry.hash('sometimes', {}, undefined, { verify: { kind: 'js', every: 2 } });
    expect(await hash.hashMany([bytes(1), bytes(2), bytes(3)])).toEqual(Uint8Array.of(5, 1, 5, 2, 5, 3));
    expect((await registry.explain('sometimes')).verification).toMatchObject({ operations: 3, compared: 2, differences: 1 });
    await expect(registry.hash('sometimes', {}, undefined, { verify: { kind: 'wasm' } })).rejects.toEqual(coded('algorithm_unavailable'));
    await registry.dispose();
  });

  it('compares compressed data by what they turn back into, refusals by that they are, and cuts by where they fall', async () => {
    let wrong = false;
    const codec = defineCodec({
      name: 'checked',
      kernels: {
        native: async () => ({
          compress: (data: Uint8Array) => (wrong ? Uint8Array.of(0) : Uint8Array.of(8, ...data)),
          decompress: (data: Uint8Array) => {
            if (wrong) throw new CompressionError('corrupt_data', {});
            return data.slice(1);
          },
        }),
        js: async () => ({ compress: (data: Uint8Array) => Uint8Array.of(9, ...data), decompress: (data: Uint8Array) => data.slice(1) }),
      },
    });
    const chunker = defineChunker({
      name: 'checked',
      options: { '~standard': { version: 1 as const, vendor: 'hand', validate: (value: unknown) => ({ value: value as Record<never, never> }) } },
      kernels: {
        native: async () => ({ cutter: () => ({ minSize: 1, maxSize: 10, nextCut: (window: Uint8Array) => Math.min(wrong ? 4 : 5, window.length) }) }),
        js: async () => ({ cutter: () => ({ minSize: 1, maxSize: 10, nextCut: (window: Uint8Array) => Math.min(5, window.length) }) }),
      },
    });
    const registry = new Registry({ verify: { kind: 'js' } }).register(codec, chunker);
    const taken = await registry.codec('checked');
    const cutter = await registry.chunker('checked');
    expect(taken.compressSync(bytes(2))[0]).toBe(8);
    expect((await registry.explain('checked', { kind: 'codec' })).verification).toMatchObject({ differences: 0 });
    wrong = true;
    expect((await taken.compress(bytes(2)))[0]).toBe(9);
    expect(taken.decompressSync(Uint8Array.of(1, 2))).toEqual(Uint8Array.of(2));
    expect([...(await cutter.chunk(bytes(12))).lengths]).toEqual([5, 5, 2]);
    expect((await registry.explain('checked', { kind: 'codec' })).verification).toMatchObject({ differences: 2 });
    expect((await registry.explain('checked', { kind: 'chunker' })).verification).toMatchObject({ differences: 2 });
    await registry.dispose();
  });

  it('compares states by their digests', async () => {
    const state = (first: number) => () => {
      let count = 0;
      const update = (data: Uint8Array) => {
        count += data.length;
      };
      return { update, digest: () => Uint8Array.of(first, count) };
    };
    const hash = defineHash({
      name: 'states',
      digestLength: 2,
      kernels: { native: async () => ({ ...digest(1), create: state(1) }), js: async () => ({ ...digest(5), create: state(5) }) },
    });
    const taken = await configure(hash, {}, undefined, { verify: { kind: 'js' } });
    expect(await taken.hashStream([bytes(3), bytes(4)])).toEqual(Uint8Array.of(5, 7));
    expect(taken.capabilities.own).toContain('create');
    expect(new HashingError('aborted', {}).message).toBe('aborted: the operation was aborted');
  });
});
