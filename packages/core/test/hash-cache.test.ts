import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Batch, defineHash, type Hash, type Ranges, Registry, type RegistrySettings } from '../src/index.js';
import { bytes } from './samples.js';

const coded = (code: string, details: object = {}) => expect.objectContaining({ code, details: expect.objectContaining(details) });
const sha1 = (data: Uint8Array) => new Uint8Array(createHash('sha1').update(data).digest());

/** A hash that tells what it was asked for. */
async function counted(settings: RegistrySettings = { hashCache: true }) {
  const asked: number[] = [];
  const definition = defineHash({
    name: 'counted',
    digestLength: 20,
    handles: { key: { description: 'anything' } },
    hash(data, _options, { handles }) {
      asked.push(data.length);
      return sha1(Buffer.concat([data, handles.key ?? new Uint8Array(0)]));
    },
  });
  const registry = new Registry(settings).register(definition);
  return { registry, asked, hash: await registry.hash('counted') };
}

const settle = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the cache of digests', () => {
  it('is off by default', async () => {
    const { registry, hash, asked } = await counted({});
    await hash.hash(bytes(100));
    await hash.hash(bytes(100));
    expect(asked).toEqual([100, 100]);
    expect(registry.hashCache).toBeUndefined();
  });

  it('answers content that was hashed before, from any buffer and any taking', async () => {
    const { registry, hash, asked } = await counted();
    expect(registry.hashCache).toEqual({ hits: 0, misses: 0, evictions: 0, entries: 0, bytes: 0, hitRate: 0 });
    expect(await hash.hash(bytes(100))).toEqual(sha1(bytes(100)));
    expect((await registry.hash('counted')).hashSync(bytes(100))).toEqual(sha1(bytes(100)));
    const many = await hash.hashMany([bytes(7), bytes(100), bytes(8)]);
    expect(many).toEqual(Uint8Array.from([...sha1(bytes(7)), ...sha1(bytes(100)), ...sha1(bytes(8))]));
    expect(asked).toEqual([100, 7, 8]);
    expect(registry.hashCache).toMatchObject({ hits: 2, misses: 3, entries: 3, hitRate: 0.4 });
  });

  const bothDoors = [
    ['hashMany', (hash: Hash, batch: Batch) => hash.hashMany(batch)],
    ['hashManySync', async (hash: Hash, batch: Batch) => hash.hashManySync(batch)],
  ] as const;

  it.each(bothDoors)('is asked and filled by %s', async (_door, many) => {
    const { registry, hash, asked } = await counted();
    hash.hashSync(bytes(100));
    const wanted = Uint8Array.from([...sha1(bytes(7)), ...sha1(bytes(100)), ...sha1(bytes(8))]);
    expect(await many(hash, [bytes(7), bytes(100), bytes(8)])).toEqual(wanted);
    expect(await many(hash, [bytes(7), bytes(100), bytes(8)])).toEqual(wanted);
    expect(asked).toEqual([100, 7, 8]);
    expect(registry.hashCache).toMatchObject({ hits: 4, misses: 3, entries: 3 });
  });

  it.each(bothDoors)('has %s hash what stands in a batch several times once, the same memory and the same content', async (_door, many) => {
    const { registry, hash, asked } = await counted({ hashCache: { maxItemBytes: 1000 } });
    // Three in one round, with a large one too many for it; the large slice stands in the first round and in the last.
    const large = bytes(5 * 1024 * 1024);
    const other = bytes(5 * 1024 * 1024 + 1);
    const batch = [bytes(10), large, bytes(10), bytes(11), other, large, bytes(10)];
    expect(await many(hash, batch)).toEqual(Uint8Array.from(batch.flatMap((item) => [...sha1(item)])));
    expect(asked.toSorted((a, b) => a - b)).toEqual([10, 11, large.length, other.length]);
    expect(registry.hashCache).toMatchObject({ hits: 2, misses: 2, entries: 2 });
  });

  it('copies no more than a round of a large batch at a time', async () => {
    const sizes: number[] = [];
    const first = (buffer: Uint8Array, { lengths, offsets }: Ranges, output: Uint8Array) => {
      sizes.push(buffer.length);
      const starts = offsets ?? Float64Array.from(lengths, (_, index) => lengths.subarray(0, index).reduce((sum, length) => sum + length, 0));
      starts.forEach((start, index) => {
        output[index] = buffer[start] as number;
      });
    };
    const definition = defineHash({
      name: 'wide',
      digestLength: 1,
      hash: (data) => data.slice(0, 1),
      hashMany: async (buffer, ranges, output) => first(buffer, ranges, output),
      hashManySync: (buffer, ranges, output) => first(buffer, ranges, output),
    });
    const hash = await new Registry({ hashCache: { maxBytes: 1_000_000 } }).register(definition).hash('wide');
    const buffer = new Uint8Array(40 << 20);
    const lengths = new Uint32Array(80).fill(512 << 10);
    for (let index = 0; index < lengths.length; index++) buffer[index * (512 << 10)] = index;
    const wanted = Uint8Array.from(lengths.keys());
    expect(hash.hashManySync({ buffer, ranges: { lengths } })).toEqual(wanted);
    expect(await hash.hashMany({ buffer, ranges: { lengths } })).toEqual(wanted);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8 << 20);
  });

  it('answers nothing after the end of its registry, and holds nothing that came after it', async () => {
    let go = () => {};
    const registry = new Registry({ hashCache: true }).register(
      defineHash({
        name: 'slow',
        digestLength: 20,
        hash: (data) => (data.length < 10 ? sha1(data) : new Promise<Uint8Array>((resolve) => (go = () => resolve(sha1(data))))),
      }),
    );
    const hash = await registry.hash('slow');
    await hash.hash(bytes(5));
    const running = hash.hash(bytes(10));
    const ending = registry.dispose();
    await expect(hash.hash(bytes(5))).rejects.toEqual(coded('registry_disposed'));
    await expect(hash.hashMany([bytes(5)])).rejects.toEqual(coded('registry_disposed'));
    expect(() => hash.hashSync(bytes(5))).toThrow(coded('registry_disposed'));
    expect(() => hash.hashManySync([bytes(5)])).toThrow(coded('registry_disposed'));
    go();
    await Promise.allSettled([running, ending]);
    await expect(hash.hash(bytes(10))).rejects.toEqual(coded('registry_disposed'));
    expect(registry.memory.report()).toMatchObject({ currentBytes: 0, heldBytes: 0 });
  });

  it('looks at the parameters of a call before it answers from what it knows', async () => {
    const { hash } = await counted();
    await hash.hash(bytes(5));
    const unusable = { signal: {} } as never;
    await expect(hash.hash(bytes(5), unusable)).rejects.toEqual(coded('invalid_input', { name: 'signal' }));
    await expect(hash.hashMany([bytes(5)], unusable)).rejects.toEqual(coded('invalid_input', { name: 'signal' }));
    expect(() => hash.hashSync(bytes(5), unusable)).toThrow(coded('invalid_input', { name: 'signal' }));
    expect(() => hash.hashManySync([bytes(5)], unusable)).toThrow(coded('invalid_input', { name: 'signal' }));
    const reason = new Error('not any more');
    await expect(hash.hash(bytes(5), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(() => hash.hashManySync([bytes(5)], { signal: AbortSignal.abort(reason) })).toThrow(reason);
  });

  it('lets go of what is too old, also where nobody asks for it again', async () => {
    const { registry, hash } = await counted({ hashCache: { ttlSeconds: 0.02 } });
    for (let i = 1; i <= 50; i++) await hash.hash(bytes(1000 + i));
    await settle(30);
    await hash.hash(bytes(10));
    expect(registry.hashCache).toMatchObject({ entries: 1, evictions: 50 });
    expect(registry.memory.report().heldBytes).toBe(registry.hashCache?.bytes);
  });

  it('never gives the digest of other content, whatever the fingerprint says', async () => {
    const { registry, hash } = await counted({ hashCache: { maxEntries: 50 } });
    // Samples are 64 of 100 000 bytes: almost all of these have the same fingerprint.
    const alike = fc.record({ at: fc.integer({ min: 0, max: 99_999 }), value: fc.integer({ min: 0, max: 255 }) });
    const property = fc.asyncProperty(fc.array(alike, { minLength: 2, maxLength: 8 }), async (changes) => {
      for (const { at, value } of changes) {
        const data = new Uint8Array(100_000);
        data[at] = value;
        expect(await hash.hash(data)).toEqual(sha1(data));
        expect(await hash.hash(data)).toEqual(sha1(data));
      }
    });
    await fc.assert(property, { numRuns: 40 });
    expect(registry.hashCache?.hits).toBeGreaterThan(0);
  });

  it('keeps what was hashed, not what the caller makes of its buffer meanwhile or of the answer', async () => {
    const { hash } = await counted();
    const data = bytes(1000);
    const first = hash.hash(data);
    data.fill(0);
    (await first).fill(0);
    expect(await hash.hash(bytes(1000))).toEqual(sha1(bytes(1000)));
    expect(await hash.hash(new Uint8Array(1000))).toEqual(sha1(new Uint8Array(1000)));
  });

  it('shares nothing between keyed hashes', async () => {
    const { registry } = await counted();
    const one = await registry.hash('counted', undefined as never, { key: bytes(4, 1) });
    const other = await registry.hash('counted', undefined as never, { key: bytes(4, 2) });
    expect(await one.hash(bytes(10))).not.toEqual(await other.hash(bytes(10)));
  });

  it('drops what is too old, too many, too large', async () => {
    const old = await counted({ hashCache: { ttlSeconds: 0.02 } });
    await old.hash.hash(bytes(10));
    await settle(30);
    await old.hash.hash(bytes(10));
    expect(old.asked).toEqual([10, 10]);
    expect(old.registry.hashCache).toMatchObject({ hits: 0, misses: 2, evictions: 1 });

    const few = await counted({ hashCache: { maxEntries: 2 } });
    for (const length of [1, 2, 1, 3, 1, 2]) await few.hash.hash(bytes(length));
    expect(few.asked).toEqual([1, 2, 3, 2]);
    expect(few.registry.hashCache).toMatchObject({ evictions: 2, entries: 2 });

    const little = await counted({ hashCache: { maxBytes: 10_000, maxItemBytes: 5000 } });
    for (const length of [5001, 5001, 4000, 4001, 4002]) await little.hash.hash(bytes(length));
    expect(little.registry.hashCache?.bytes).toBeLessThanOrEqual(10_000);
    expect(little.registry.hashCache).toMatchObject({ entries: 2, misses: 3 });
  });

  it('counts in the memory budget and shrinks with it', async () => {
    const { registry, hash } = await counted({ hashCache: true, memory: { softLimitBytes: 1_000_000, hardLimitBytes: 2_000_000 } });
    for (let i = 0; i < 9; i++) await hash.hash(bytes(100_000 + i));
    expect(registry.memory.report().heldBytes).toBe(registry.hashCache?.bytes);
    expect(registry.memory.report().heldBytes).toBeGreaterThan(900_000);
    const reservation = await registry.memory.reserve(500_000);
    expect(registry.memory.report().currentBytes).toBeLessThanOrEqual(1_000_000);
    expect(registry.hashCache?.entries).toBe(4);
    reservation.release();
    await registry.dispose();
    expect(registry.memory.report()).toMatchObject({ currentBytes: 0, heldBytes: 0 });
  });

  it('belongs to one registry: a fork has its own', async () => {
    const { registry, hash, asked } = await counted();
    await hash.hash(bytes(10));
    const fork = registry.fork();
    await (await fork.hash('counted')).hash(bytes(10));
    expect(asked).toEqual([10, 10]);
    expect(fork.hashCache).toMatchObject({ misses: 1, entries: 1 });
    expect(registry.fork({ hashCache: false }).hashCache).toBeUndefined();
  });

  it.each(['maxEntries', 'maxBytes', 'ttlSeconds', 'maxItemBytes'])('refuses %s of 0', (name) => {
    expect(() => new Registry({ hashCache: { [name]: 0 } })).toThrow(coded('invalid_input', { name: `hashCache.${name}` }));
  });

  it('weighs less than 1 KiB an entry beside the content', async () => {
    const { registry, hash } = await counted({ hashCache: { maxEntries: 50_000, maxBytes: 2 ** 30 } });
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = () => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    await hash.hash(bytes(99));
    const before = used();
    for (let i = 0; i < 40_000; i++) await hash.hash(Uint8Array.of(i, i >> 8, 7, 7));
    expect((used() - before) / 40_000).toBeLessThan(1024);
    expect((registry.hashCache?.bytes ?? 0) / 40_000).toBeLessThan(1024);
  });
});

describe('slices that a batch names several times', () => {
  it('are hashed once, by ranges and by lists, and every item gets its digest', async () => {
    const { hash, asked } = await counted({});
    const buffer = bytes(1000);
    const range = fc.record({ offset: fc.integer({ min: 0, max: 20 }), length: fc.integer({ min: 1, max: 20 }) });
    const property = fc.asyncProperty(fc.array(range, { maxLength: 60 }), fc.boolean(), fc.boolean(), async (ranges, asList, sync) => {
      asked.length = 0;
      const list = ranges.map(({ offset, length }) => buffer.subarray(offset, offset + length));
      const batch = asList
        ? list
        : {
            buffer,
            ranges: { offsets: Float64Array.from(ranges, ({ offset }) => offset), lengths: Uint32Array.from(ranges, ({ length }) => length) },
          };
      const digests = sync ? hash.hashManySync(batch) : await hash.hashMany(batch);
      expect(digests).toEqual(Uint8Array.from(list.flatMap((item) => [...sha1(item)])));
      expect(asked.length).toBe(new Set(ranges.map(({ offset, length }) => `${offset}:${length}`)).size);
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('are told apart where buffers differ', async () => {
    const { hash, asked } = await counted({});
    const [one, other] = [bytes(10, 1), bytes(10, 2)];
    const digests = await hash.hashMany([one, other, one, other]);
    expect(digests).toEqual(Uint8Array.from([one, other, one, other].flatMap((item) => [...sha1(item)])));
    expect(asked).toEqual([10, 10]);
  });
});
