import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configure, defineHash, type Hash, Registry } from '../src/index.js';
import { Credits } from '../src/scope/credits.js';
import { awayHash, bytes, sum4, wide } from './samples.js';

const coded = (code: string, details: object = {}) => expect.objectContaining({ code, details: expect.objectContaining(details) });

describe('derived operations of a hash', () => {
  it('agree with the plain one', async () => {
    for (const hash of [await configure(sum4), await configure(wide, { length: 11 })] as Hash[]) {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 6 }), async (pieces) => {
          const whole = new Uint8Array(Buffer.concat(pieces));
          const expected = await hash.hash(whole);
          expect(expected).toHaveLength(hash.digestLength);
          expect(await hash.hashStream(pieces)).toEqual(expected);
          const hasher = hash.create();
          for (const piece of pieces) void hasher.update(piece);
          await hasher.update(new Uint8Array(0));
          const copy = hasher.clone();
          expect(await hasher.digest()).toEqual(expected);
          await copy.update(Uint8Array.of(1));
          expect(await copy.digest()).toEqual(await hash.hash(new Uint8Array([...whole, 1])));
          const many = await hash.hashMany({ buffer: whole, ranges: { lengths: Uint32Array.from(pieces, (piece) => piece.length) } });
          const singles = await Promise.all(pieces.map((piece) => hash.hash(piece)));
          expect(new Uint8Array(many)).toEqual(new Uint8Array(Buffer.concat(singles)));
        }),
        { numRuns: 40 },
      );
    }
  });

  it('end once', async () => {
    const hasher = (await configure(sum4)).create();
    hasher.updateSync(bytes(3));
    hasher.digestSync();
    await expect(hasher.update(bytes(1))).rejects.toEqual(coded('already_finished'));
    await expect(hasher.digest()).rejects.toEqual(coded('already_finished'));
    expect(() => hasher.clone()).toThrow(coded('already_finished'));
  });

  it('keep within the buffer limit where a kernel only hashes whole buffers', async () => {
    const registry = new Registry({ bufferLimitBytes: 10 }).register(sum4);
    const hasher = (await registry.hash('sum4')).create();
    await hasher.update(bytes(10));
    await expect(hasher.update(bytes(1))).rejects.toEqual(coded('buffer_limit_exceeded', { attempted: 11, limit: 10 }));
    await registry.dispose();
  });

  it.each([
    ['a longer digest', () => new Uint8Array(5)],
    ['a shorter digest', () => new Uint8Array(3)],
    ['text', () => 'abcd'],
    ['shared memory', () => new Uint8Array(new SharedArrayBuffer(4))],
    ['a promise of nothing', async () => undefined],
  ])('name a plugin that answers %s', async (_name, hash) => {
    const bad = await configure(defineHash({ name: 'bad', digestLength: 4, hash: hash as never }));
    await expect(bad.hash(bytes(1))).rejects.toEqual(coded('plugin_failed', { algorithm: 'bad', operation: 'hash' }));
    await expect(bad.hashMany([bytes(1)])).rejects.toEqual(coded('plugin_failed'));
    await expect(bad.hashStream([bytes(1)])).rejects.toEqual(coded('plugin_failed'));
  });

  it('write digests to memory of their own where the kernel can, one for each caller', async () => {
    const write = (data: Uint8Array, output: Uint8Array) => output.fill(data.length);
    const writing = (digestLength: number) =>
      configure(
        defineHash({
          name: 'writing',
          digestLength,
          hash: () => new Uint8Array(0),
          hashSync: () => new Uint8Array(0),
          hashInto: async (data, output) => void write(data, output),
          hashIntoSync: (data, output) => void write(data, output),
        }),
      );
    for (const length of [4, 64, 65, 5000]) {
      const hash = await writing(length);
      const digests = [
        hash.hashSync(bytes(1)),
        hash.hashSync(bytes(2)),
        await hash.hash(bytes(3)),
        ...(await Promise.all([hash.hash(bytes(4)), hash.hash(bytes(5))])),
      ];
      expect(digests.map((digest) => [digest.length, digest[0], digest.at(-1)])).toEqual([1, 2, 3, 4, 5].map((value) => [length, value, value]));
      expect(new Set(digests.map((digest) => digest.buffer)).size).toBe(5);
    }
  });

  it.each([
    ['takes the memory away', (output: Uint8Array) => void structuredClone(output.buffer, { transfer: [output.buffer as ArrayBuffer] }), 'plugin_failed'],
    ['answers later where it must not', async () => {}, 'sync_unavailable'],
  ])('name a plugin that writes digests and %s', async (_name, spoil, code) => {
    const into = (_data: Uint8Array, output: Uint8Array) => spoil(output) as undefined;
    const hash = await configure(defineHash({ name: 'bad', digestLength: 4, hash: () => new Uint8Array(4), hashInto: into, hashIntoSync: into }));
    expect(() => hash.hashSync(bytes(1))).toThrow(coded(code));
    // What went wrong once is not lent to the next call.
    expect(() => hash.hashSync(bytes(1))).toThrow(coded(code));
    if (code === 'plugin_failed') await expect(hash.hash(bytes(1))).rejects.toEqual(coded(code));
    else expect(await hash.hash(bytes(1))).toEqual(new Uint8Array(4));
  });

  it('refuse to be synchronous where the kernel answers later', async () => {
    const hash = await configure(wide);
    expect(hash.capabilities.sync).toBe(false);
    expect(() => hash.hashSync(bytes(1))).toThrow(coded('sync_unavailable', { algorithm: 'wide', operation: 'hash' }));
    expect(() => hash.hashManySync([bytes(1)])).toThrow(coded('sync_unavailable'));
  });
});

describe('work that could leave the thread', () => {
  it('stays when it is small, by cost, bytes and items; thresholds may be set', async () => {
    const log: string[] = [];
    const hash = await configure(awayHash(log));
    await hash.hash(bytes(19_000));
    await hash.hash(bytes(21_000));
    await hash.hash(bytes(100_000));
    expect(log).toEqual(['hashSync 19000', 'hash 21000', 'hash 100000']);
    const registry = new Registry({ smallWork: { milliseconds: 10, totalBytes: 50_000 } }).register(awayHash(log));
    const other = await registry.hash('away');
    log.length = 0;
    await other.hash(bytes(50_000));
    await other.hash(bytes(50_001));
    expect(log).toEqual(['hashSync 50000', 'hash 50001']);
    expect(() => new Registry({ smallWork: { items: -1 } })).toThrow(coded('invalid_input', { name: 'smallWork.items' }));
    await registry.dispose();
  });

  it('goes in windows of 4 MiB when it is large', async () => {
    const log: string[] = [];
    const hash = await configure(awayHash(log));
    const data = bytes(9 * 1024 * 1024);
    const digest = await hash.hash(data);
    expect(log).toEqual(['update 4194304', 'update 4194304', 'update 1048576']);
    expect(digest).toEqual(hash.hashSync(data));
  });

  it('waits for credit, first come first served; what is over the bound runs alone', async () => {
    const credits = new Credits(100);
    expect(credits.take(60)).toBeUndefined();
    const order: string[] = [];
    const big = credits.take(500)?.then(() => order.push('big'));
    const little = credits.take(10)?.then(() => order.push('little'));
    await Promise.resolve();
    expect(order).toEqual([]);
    credits.give(60);
    await big;
    expect([order, credits.inFlight]).toEqual([['big'], 500]);
    credits.give(500);
    await little;
    expect([order, credits.inFlight]).toEqual([['big', 'little'], 10]);
  });

  it('gives its credit back after an abort, when the work has ended', async () => {
    let finish = () => {};
    const slow = defineHash({
      name: 'slow',
      digestLength: 1,
      kernels: {
        native: async () => ({ placement: 'away' as const, hash: () => new Promise<Uint8Array>((resolve) => (finish = () => resolve(new Uint8Array(1)))) }),
      },
    });
    const registry = new Registry({ maxBytesInFlight: 10 }).register(slow);
    const hash = await registry.hash('slow');
    const abort = new AbortController();
    const first = hash.hash(bytes(10), { signal: abort.signal });
    const waiting = hash.hash(bytes(10), { signal: abort.signal });
    const third = hash.hash(bytes(4));
    abort.abort('enough');
    await expect(first).rejects.toBe('enough');
    await expect(waiting).rejects.toBe('enough');
    finish();
    await new Promise((resolve) => setTimeout(resolve, 5));
    finish();
    expect(await third).toEqual(new Uint8Array(1));
    await registry.dispose();
  });
});
