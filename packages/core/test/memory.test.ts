import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CompressionError, createScratch, createScratchPool, defineCodec, defineHash, type Holding, Registry, type Reservation } from '../src/index.js';
import { bytes, frame, small, unframe } from './samples.js';

afterEach(() => vi.unstubAllEnvs());

const MIB = 1024 * 1024;
const coded = (code: string, details: object = {}) => expect.objectContaining({ code, details: expect.objectContaining(details) });

/** A codec that says what it works with, and waits to be let go. */
function heavy(working: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  let most = 0;
  const codec = defineCodec({
    name: 'heavy',
    memory: (operation: 'compress' | 'decompress') => (operation === 'compress' ? working : working / 2),
    async compress(data: Uint8Array) {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((go) => waiting.push(go));
      running -= 1;
      return frame(data);
    },
    decompress: (data, _options, { limits }) => unframe(data, limits),
  });
  return { codec, go: () => waiting.shift()?.(), running: () => running, most: () => most };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('limits of memory', () => {
  it('are read from the environment, as bytes and as sizes, and settings go before', () => {
    vi.stubEnv('CHUNKER_MEMORY_SOFT_LIMIT', '1048576');
    vi.stubEnv('CHUNKER_MEMORY_HARD_LIMIT', '64 MiB');
    vi.stubEnv('CHUNKER_MAX_BUFFER_SIZE', '8MiB');
    expect(new Registry().memory.report()).toMatchObject({ softLimitBytes: MIB, hardLimitBytes: 64 * MIB, maxBufferBytes: 8 * MIB });
    expect(new Registry({ memory: { hardLimitBytes: 2 * MIB } }).memory.report()).toMatchObject({ softLimitBytes: MIB, hardLimitBytes: 2 * MIB });
  });

  it.each([
    ['CHUNKER_MEMORY_SOFT_LIMIT', 'lots'],
    ['CHUNKER_MEMORY_HARD_LIMIT', '-1'],
    ['CHUNKER_MEMORY_HARD_LIMIT', '0'],
    ['CHUNKER_MAX_BUFFER_SIZE', '1e9'],
    ['CHUNKER_MAX_BUFFER_SIZE', '99999999999999999999'],
  ])('refuse %s=%s by name', (name, value) => {
    vi.stubEnv(name, value);
    expect(() => new Registry()).toThrow(coded('invalid_input', { name, value }));
  });

  it('refuse settings out of order or range', () => {
    expect(() => new Registry({ memory: { softLimitBytes: 2, hardLimitBytes: 1 } })).toThrow(coded('invalid_input', { name: 'memory.softLimitBytes' }));
    expect(() => new Registry({ memory: { maxBufferBytes: 0.5 } })).toThrow(coded('invalid_input', { name: 'memory.maxBufferBytes' }));
  });

  it('are shared by forks unless they name their own', async () => {
    const registry = new Registry({ memory: { hardLimitBytes: 100 } });
    const own = registry.fork({ memory: { hardLimitBytes: 50 } });
    const held = await registry.fork().memory.reserve(80);
    expect(registry.memory.report()).toMatchObject({ currentBytes: 80, count: 1 });
    expect(own.memory.report()).toMatchObject({ currentBytes: 0, hardLimitBytes: 50 });
    held.release();
    held.release();
    expect(registry.memory.report()).toMatchObject({ currentBytes: 0, peakBytes: 80, count: 0 });
  });
});

describe('the memory budget', () => {
  it('answers at once what can never fit', async () => {
    const { memory } = new Registry({ memory: { hardLimitBytes: 100 } });
    await expect(memory.reserve(101)).rejects.toEqual(coded('memory_limit_exceeded', { scope: 'budget', limit: 100, needed: 101 }));
    await expect(memory.reserve(Number.NaN)).rejects.toEqual(coded('invalid_input', { name: 'bytes' }));
  });

  it('lets work wait in order, also what would fit sooner', async () => {
    const { memory } = new Registry({ memory: { hardLimitBytes: 100 } });
    const order: string[] = [];
    const noted = (name: string) => (granted: Reservation) => {
      order.push(name);
      return granted;
    };
    const first = await memory.reserve(60);
    const large = memory.reserve(90).then(noted('large'));
    const little = memory.reserve(10).then(noted('little'));
    await settle();
    expect(order).toEqual([]);
    expect(memory.report()).toMatchObject({ currentBytes: 60, waiting: 2 });
    first.release();
    await settle();
    expect(order).toEqual(['large', 'little']);
    (await large).release();
    (await little).release();
    expect(memory.report()).toMatchObject({ currentBytes: 0, waiting: 0, peakBytes: 100 });
  });

  it('lets go of a wait that is aborted, and serves who stood behind', async () => {
    const { memory } = new Registry({ memory: { hardLimitBytes: 100 } });
    const held = await memory.reserve(60);
    const controller = new AbortController();
    const aborted = memory.reserve(90, { signal: controller.signal });
    const behind = memory.reserve(10);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    (await behind).release();
    held.release();
    expect(memory.report()).toMatchObject({ currentBytes: 0, waiting: 0 });
  });

  it('grows a reservation at once or not at all', async () => {
    const { memory } = new Registry({ memory: { hardLimitBytes: 100 } });
    const held = await memory.reserve(60);
    held.grow(40);
    expect(() => held.grow(1)).toThrow(coded('memory_limit_exceeded', { limit: 100, needed: 101 }));
    expect(held.bytes).toBe(100);
    held.release();
    expect(() => held.grow(1)).toThrow(coded('already_finished'));
  });

  it('shrinks holders above the soft limit, and before it lets anyone wait', async () => {
    const { memory } = new Registry({ memory: { softLimitBytes: 50, hardLimitBytes: 100 } });
    let kept = 0;
    const holding: Holding = memory.hold({
      shrink: (wanted) => {
        kept -= Math.min(kept, wanted);
        holding.set(kept);
      },
    });
    kept = 40;
    holding.set(kept);
    expect(memory.report()).toMatchObject({ currentBytes: 40, heldBytes: 40, shrinks: 0 });
    const first = await memory.reserve(30);
    expect(kept).toBe(20);
    const second = await memory.reserve(70);
    expect(kept).toBe(0);
    expect(memory.report()).toMatchObject({ currentBytes: 100, heldBytes: 0 });
    first.release();
    second.release();
    holding.end();
    holding.set(10);
    expect(memory.report()).toMatchObject({ currentBytes: 0, heldBytes: 0 });
  });

  it('never grants more than the hard limit, whatever comes and goes', async () => {
    const step = fc.record({ bytes: fc.integer({ min: 0, max: 120 }), kind: fc.constantFrom('reserve', 'release', 'abort', 'hold') });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { memory } = new Registry({ memory: { softLimitBytes: 70, hardLimitBytes: 100 } });
      let kept = 0;
      const holding: Holding = memory.hold({
        shrink: (wanted) => {
          kept -= Math.min(kept, wanted);
          holding.set(kept);
        },
      });
      const granted: { release(): void }[] = [];
      const controllers: AbortController[] = [];
      for (const { bytes: size, kind } of steps) {
        if (kind === 'reserve') {
          const controller = new AbortController();
          controllers.push(controller);
          memory.reserve(size, { signal: controller.signal }).then(
            (one) => granted.push(one),
            () => {},
          );
        } else if (kind === 'release') granted.shift()?.release();
        else if (kind === 'abort') controllers.shift()?.abort();
        else if (memory.report().currentBytes + size <= 100) {
          kept += size;
          holding.set(kept);
        }
        await Promise.resolve();
        expect(memory.report().currentBytes).toBeLessThanOrEqual(100);
      }
      for (const controller of controllers) controller.abort();
      await settle();
      for (const one of granted) one.release();
      expect(memory.report()).toMatchObject({ currentBytes: kept, count: 0, waiting: 0 });
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

describe('operations and the budget', () => {
  it('wait while their estimates do not fit together', async () => {
    const { codec, go, running, most } = heavy(40 * MIB);
    const registry = new Registry({ memory: { hardLimitBytes: 100 * MIB } }).register(codec);
    const taken = await registry.codec('heavy');
    expect(taken.memory('compress', 0)).toBeGreaterThanOrEqual(40 * MIB);
    const all = Array.from({ length: 5 }, () => taken.compress(bytes(10)));
    await settle();
    expect(running()).toBe(2);
    expect(registry.memory.report()).toMatchObject({ count: 2, waiting: 3 });
    for (let i = 0; i < 5; i++) {
      go();
      await settle();
    }
    await Promise.all(all);
    expect(most()).toBe(2);
    expect(registry.memory.report()).toMatchObject({ currentBytes: 0, count: 0, waiting: 0 });
  });

  it('fail at once when they can never fit, without being called', async () => {
    const { codec, running } = heavy(200 * MIB);
    const taken = await new Registry({ memory: { hardLimitBytes: 100 * MIB } }).register(codec).codec('heavy');
    await expect(taken.compress(bytes(10))).rejects.toEqual(
      coded('memory_limit_exceeded', { scope: 'budget', algorithm: 'heavy', operation: 'compress', limit: 100 * MIB }),
    );
    expect(() => taken.compressSync(bytes(10))).toThrow(coded('memory_limit_exceeded'));
    expect(running()).toBe(0);
  });

  it('take nothing more where the caller set memory aside', async () => {
    const { codec, go } = heavy(60 * MIB);
    const registry = new Registry({ memory: { hardLimitBytes: 100 * MIB } }).register(codec);
    const taken = await registry.codec('heavy');
    const reservation = await registry.memory.reserve(90 * MIB);
    const work = taken.compress(bytes(10), { reservation });
    await settle();
    go();
    await work;
    reservation.release();
  });

  it('end their wait with the signal and with the registry', async () => {
    const { codec } = heavy(60 * MIB);
    const registry = new Registry({ memory: { hardLimitBytes: 100 * MIB } }).register(codec);
    const taken = await registry.codec('heavy');
    const held = await registry.memory.reserve(90 * MIB);
    const controller = new AbortController();
    const aborted = taken.compress(bytes(10), { signal: controller.signal });
    const ended = taken.compress(bytes(10));
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    const disposed = registry.dispose({ abort: true });
    await expect(ended).rejects.toEqual(coded('registry_disposed'));
    await disposed;
    held.release();
    await settle();
    expect(registry.memory.report()).toMatchObject({ currentBytes: 0, count: 0, waiting: 0 });
  });

  it('refuse a result over the budget before it is allocated, and say that it was the budget', async () => {
    const bomb = new Uint8Array(8);
    bomb.set(frame(new Uint8Array(0)).subarray(0, 4));
    new DataView(bomb.buffer).setUint32(4, 500 * MIB);
    const lying = defineCodec({
      name: 'lying',
      compress: (data) => frame(data),
      decompress: (data, _options, { limits }) => {
        limits.claim(new DataView(data.buffer, data.byteOffset).getUint32(4));
        throw new Error('it was allocated');
      },
    });
    const budget = await new Registry({ memory: { hardLimitBytes: 100 * MIB } }).register(lying).codec('lying');
    await expect(budget.decompress(bomb)).rejects.toEqual(coded('memory_limit_exceeded', { scope: 'budget', limit: 100 * MIB, needed: 500 * MIB }));
    const buffer = await new Registry({ memory: { maxBufferBytes: 10 * MIB } }).register(lying).codec('lying');
    await expect(buffer.decompress(bomb)).rejects.toEqual(coded('memory_limit_exceeded', { scope: 'buffer', limit: 10 * MIB }));
    await expect(buffer.compress(bytes(11 * MIB))).rejects.toEqual(coded('memory_limit_exceeded', { scope: 'buffer', limit: 10 * MIB }));
    await expect(buffer.decompress(bomb, { maxOutputBytes: 5 * MIB })).rejects.toEqual(coded('size_exceeded', { limit: 5 * MIB }));
  });

  it('rename the limit of a kernel that knows one only', async () => {
    const native = defineCodec({
      name: 'native-like',
      compress: (data) => frame(data),
      decompress: async (_data, _options, { limits }) => {
        throw new CompressionError('size_exceeded', { limit: limits.maxOutputBytes, declared: 2 ** 40 });
      },
    });
    const taken = await new Registry({ memory: { hardLimitBytes: 100 * MIB } }).register(native).codec('native-like');
    await expect(taken.decompress(bytes(8))).rejects.toEqual(coded('memory_limit_exceeded', { scope: 'budget', needed: 2 ** 40 }));
  });

  it('of streams hold memory from the first pull to the end', async () => {
    const registry = new Registry({ memory: { hardLimitBytes: 6 * MIB } }).register(small);
    const codec = await registry.codec('small');
    const stream = codec.compressStream([bytes(100), bytes(100)])[Symbol.asyncIterator]();
    expect(registry.memory.report().count).toBe(0);
    await stream.next();
    expect(registry.memory.report()).toMatchObject({ count: 1, currentBytes: 4 * MIB });
    await (stream as AsyncGenerator).return(undefined);
    expect(registry.memory.report()).toMatchObject({ count: 0, currentBytes: 0 });
    const kept = codec.decompressStream([bytes(3 * MIB)]);
    await expect(
      (async () => {
        for await (const _ of kept);
      })(),
    ).rejects.toEqual(coded('memory_limit_exceeded', { limit: 6 * MIB }));
    expect(registry.memory.report()).toMatchObject({ count: 0, currentBytes: 0 });
  });

  it('count the peak of large calls without any limit', async () => {
    const registry = Registry.of(small);
    const codec = await registry.codec('small');
    await codec.compress(bytes(100));
    expect(registry.memory.report().peakBytes).toBe(0);
    await codec.compress(bytes(MIB));
    expect(registry.memory.report()).toMatchObject({ currentBytes: 0, count: 0 });
    expect(registry.memory.report().peakBytes).toBeGreaterThanOrEqual(MIB);
  });
});

describe('scratches and the budget', () => {
  /** A codec that keeps a table of 1 MiB in the scratch, and counts how often it is made. */
  function tabled() {
    const made = { tables: 0 };
    const key = {};
    const codec = defineCodec({
      name: 'tabled',
      async compress(data, _options, { scratch }) {
        const copy = data.slice();
        scratch?.keep(key, () => ({ table: ++made.tables }), MIB);
        await Promise.resolve();
        return copy;
      },
      decompress: (data) => data.slice(),
    });
    return { made, codec };
  }

  it('count what they hold, and are cleared when memory is short', async () => {
    const { made, codec } = tabled();
    const registry = new Registry({ memory: { softLimitBytes: 4 * MIB, hardLimitBytes: 8 * MIB } }).register(codec);
    const taken = await registry.codec('tabled');
    const scratch = createScratch();
    for (let i = 0; i < 3; i++) await taken.compress(bytes(10), { scratch });
    expect(made.tables).toBe(1);
    expect(registry.memory.report().heldBytes).toBe(MIB);
    const reservation = await registry.memory.reserve(4 * MIB);
    expect(scratch.bytes).toBe(0);
    expect(registry.memory.report().heldBytes).toBe(0);
    reservation.release();
    await taken.compress(bytes(10), { scratch });
    expect(made.tables).toBe(2);
    const other = Registry.of(codec);
    await (await other.codec('tabled')).compress(bytes(10), { scratch });
    expect([registry, other].map(({ memory }) => memory.report().heldBytes)).toEqual([0, MIB]);
    scratch.clear();
    expect(other.memory.report().heldBytes).toBe(0);
  });

  it('are not kept alive by it', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const registry = Registry.of(tabled().codec);
    const taken = await registry.codec('tabled');
    for (let i = 0; i < 20; i++) await taken.compress(bytes(10), { scratch: createScratch() });
    await vi.waitFor(() => {
      collect();
      expect(registry.memory.report().heldBytes).toBeLessThan(20 * MIB);
    });
  });

  it('come from a pool that hands them on and bounds what it keeps', async () => {
    const { made, codec } = tabled();
    const registry = Registry.of(codec);
    const taken = await registry.codec('tabled');
    const pool = createScratchPool({ maxScratches: 2 });
    for (let round = 0; round < 5; round++) {
      await Promise.all([1, 2, 3, 4].map(() => pool.use((scratch) => taken.compress(bytes(10), { scratch }))));
    }
    expect(made.tables).toBe(4 + 4 * 2);
    expect(registry.memory.report().heldBytes).toBe(2 * MIB);
    await expect(pool.use(async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    pool.clear();
    expect(registry.memory.report().heldBytes).toBe(0);
    expect(() => createScratchPool({ maxScratches: -1 })).toThrow(coded('invalid_input', { name: 'maxScratches' }));
  });

  it('serve one item, member or digest at a time inside one call', async () => {
    let running = 0;
    let most = 0;
    const alone = async (data: Uint8Array) => {
      const copy = data.slice();
      most = Math.max(most, ++running);
      await Promise.resolve();
      running -= 1;
      return copy;
    };
    const codec = defineCodec({
      name: 'alone',
      guarantees: { concatenable: true },
      kernels: { native: async () => ({ placement: 'away' as const, compress: alone, decompress: alone }) },
    });
    const hash = defineHash({ name: 'alone', digestLength: 4, kernels: { native: async () => ({ placement: 'away' as const, hash: alone }) } });
    const registry = Registry.of(codec, hash);
    const items = Array.from({ length: 30 }, () => bytes(4));
    const scratch = createScratch();
    await (await registry.codec('alone')).compressMany(items, { scratch });
    await (await registry.hash('alone')).hashMany(items, { scratch });
    for await (const _ of (await registry.codec('alone')).compressStream([bytes(5 * MIB)], { scratch }));
    expect(most).toBe(1);
    await (await registry.codec('alone')).compressMany(items);
    expect(most).toBe(8);
  });
});
