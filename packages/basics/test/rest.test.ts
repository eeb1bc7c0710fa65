import { createHash } from 'node:crypto';
import { configure, Registry } from '@chunker/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import plugin from '../src/plugin.js';
import { fixed, identity, md5, sha512 } from '../src/index.js';

describe.each([
  ['md5', md5],
  ['sha512', sha512],
] as const)('%s', (name, algorithm) => {
  it.each(['platform', 'js'] as const)('agrees with OpenSSL on the %s kernel', async (kernel) => {
    const hash = await configure(algorithm, {}, undefined, { kernel });
    expect(hash.kernel).toBe(kernel);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), async (pieces) => {
        const whole = new Uint8Array(Buffer.concat(pieces));
        const expected = new Uint8Array(createHash(name).update(whole).digest());
        expect(hash.hashSync(whole)).toEqual(expected);
        expect(await hash.hash(whole)).toEqual(expected);
        expect(await hash.hashStream(pieces)).toEqual(expected);
        const hasher = hash.create();
        for (const piece of pieces) hasher.updateSync(piece);
        const copy = hasher.clone();
        expect(hasher.digestSync()).toEqual(expected);
        expect(await copy.digest()).toEqual(expected);
        const many = await hash.hashMany(pieces);
        pieces.forEach((piece, index) => {
          expect(many.subarray(index * hash.digestLength, (index + 1) * hash.digestLength)).toEqual(hash.hashSync(piece));
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('fixed', () => {
  it('cuts at every size, and the last chunk is what is left', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 60 }), async (size, length, piece) => {
        const chunker = await configure(fixed, { size });
        const data = new Uint8Array(length);
        const expected = Array.from({ length: Math.ceil(length / size) }, (_, index) => Math.min(size, length - index * size));
        expect([...chunker.chunkSync(data).lengths]).toEqual(expected);
        expect([...(await chunker.chunk(data)).lengths]).toEqual(expected);
        const push = chunker.open();
        const pushed = [];
        for (let at = 0; at < length; at += piece) pushed.push(...push.feed(data.subarray(at, at + piece)));
        pushed.push(...push.finish());
        expect(pushed.map((chunk) => chunk.length)).toEqual(expected);
      }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53, '16', null, 16n])('refuses the size %s', async (size) => {
    await expect(configure(fixed, { size: size as number })).rejects.toMatchObject({
      code: 'invalid_chunking_options',
      details: { name: 'size', range: '1..67108864' },
    });
  });
});

describe('identity', () => {
  it('copies', async () => {
    const codec = await configure(identity);
    const data = Uint8Array.of(1, 2, 3);
    const compressed = await codec.compress(data);
    expect(compressed).toEqual(data);
    expect(compressed.buffer).not.toBe(data.buffer);
    expect(() => codec.decompressSync(data, { maxOutputBytes: 2 })).toThrow(expect.objectContaining({ code: 'size_exceeded' }));
    expect(() => codec.compressIntoSync(data, new Uint8Array(2))).toThrow(expect.objectContaining({ code: 'output_too_small' }));
  });
});

it('is found by the plugin manifest', async () => {
  const registry = Registry.of(...plugin);
  await registry.ready();
  expect(registry.list().map(({ name }) => name)).toEqual(['identity', 'gzip', 'deflate', 'brotli', 'md5', 'sha512', 'fixed']);
  await registry.dispose();
});
