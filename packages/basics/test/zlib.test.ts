import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import { type Algorithm, type Codec, configure, Registry } from '@chunker/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brotli, deflate, gzip, identity } from '../src/index.js';

const code = (name: string) => expect.objectContaining({ code: name });

async function outcome(work: () => Promise<unknown> | unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** Code and place of a failure: what every door must tell alike. */
async function failure(work: () => Promise<unknown> | unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (error) {
    const { code, details } = error as { code: string; details: { offset?: number } };
    return `${code} at ${details.offset}`;
  }
}

async function streamed(codec: Codec, data: Uint8Array, piece: number, call = {}): Promise<Uint8Array> {
  const pieces = function* () {
    for (let at = 0; at < data.length; at += piece) yield data.subarray(at, at + piece);
  };
  const output: Uint8Array[] = [];
  for await (const bytes of codec.decompressStream(pieces(), call)) output.push(bytes);
  return new Uint8Array(Buffer.concat(output));
}

const sample = new Uint8Array(Buffer.concat([Buffer.from('a line that comes again and again\n'.repeat(3000)), randomBytes(20_000)]));
const all: Readonly<Record<'gzip' | 'deflate' | 'brotli', Algorithm<'codec'>>> = { gzip, deflate, brotli };
/** `toEqual` takes milliseconds per ten thousand bytes. */
const same = (actual: Uint8Array, expected: Uint8Array) => expect(Buffer.compare(actual, expected)).toBe(0);
const theirs = { gzip: zlib.gunzipSync, deflate: zlib.inflateSync, brotli: zlib.brotliDecompressSync } as const;
const encode = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, brotli: zlib.brotliCompressSync } as const;

describe.each(['gzip', 'deflate', 'brotli'] as const)('%s', (name) => {
  it('round-trips by every door, and the doors agree', async () => {
    const codec = await configure(all[name]);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 600 }), async (seed, repeat) => {
        const data = new Uint8Array(seed.length * repeat).map((_, index) => seed[index % seed.length] ?? 0);
        const compressed = codec.compressSync(data);
        expect(compressed.length).toBeLessThanOrEqual(codec.compressBound(data.length));
        same(await codec.compress(data), compressed);
        same(codec.decompressSync(compressed), data);
        same(await codec.decompress(compressed), data);
        same(theirs[name](compressed), data);
        const chunks: Uint8Array[] = [];
        for await (const bytes of codec.compressStream([data, data])) chunks.push(bytes);
        same(await streamed(codec, new Uint8Array(Buffer.concat(chunks)), 1 + (seed.length % 97)), Buffer.concat([data, data]));
      }),
      { numRuns: 25 },
    );
  });

  it('gives the same bytes by the asynchronous door for inputs of many pieces', async () => {
    const codec = await configure(all[name]);
    const data = new Uint8Array(Buffer.concat(Array.from({ length: 12 }, () => Buffer.from(sample))));
    same(await codec.compress(data), codec.compressSync(data));
  });

  it('refuses data cut anywhere, by every door', async () => {
    const codec = await configure(all[name]);
    const data = encode[name](sample.subarray(0, 300));
    for (let length = 0; length < data.length; length++) {
      const cut = new Uint8Array(data.subarray(0, length));
      const results = [
        await failure(() => codec.decompressSync(cut)),
        await failure(() => codec.decompress(cut)),
        await failure(() => streamed(codec, cut, 7)),
      ];
      expect(results, `cut at ${length}`).toEqual(new Array(3).fill(`truncated_input at ${length}`));
    }
  });

  it.each([[[0]], [[1]], [[0x1f]], [[0, 0, 0, 0, 0, 0, 0, 0]], [[7, 7, 7, 7, 7, 7, 7, 7, 7, 7]]])(
    'refuses the trailing bytes %j unless allowed',
    async (extra) => {
      const codec = await configure(all[name]);
      const short = sample.subarray(0, 500);
      const compressed = encode[name](short);
      const data = new Uint8Array(Buffer.concat([compressed, Uint8Array.from(extra)]));
      const expected = expect.objectContaining({ code: 'trailing_data', details: expect.objectContaining({ offset: compressed.length }) });
      expect(() => codec.decompressSync(data)).toThrow(expected);
      await expect(codec.decompress(data)).rejects.toEqual(expected);
      await expect(streamed(codec, data, 1000)).rejects.toEqual(expected);
      await expect(streamed(codec, data, 1)).rejects.toEqual(code('trailing_data'));
      same(codec.decompressSync(data, { allowTrailing: true }), short);
      same(await codec.decompress(data, { allowTrailing: true }), short);
      same(await streamed(codec, data, 1000, { allowTrailing: true }), short);
    },
  );

  it('allows exactly the limit, and stops a bomb early', async () => {
    const codec = await configure(all[name]);
    const data = encode[name](sample);
    const limit = { maxOutputBytes: sample.length };
    same(codec.decompressSync(data, limit), sample);
    same(await codec.decompress(data, limit), sample);
    same(await streamed(codec, data, 100, limit), sample);
    const less = { maxOutputBytes: sample.length - 1 };
    const exceeded = expect.objectContaining({ code: 'size_exceeded', details: expect.objectContaining({ limit: sample.length - 1 }) });
    expect(() => codec.decompressSync(data, less)).toThrow(exceeded);
    await expect(codec.decompress(data, less)).rejects.toEqual(exceeded);
    await expect(streamed(codec, data, 100, less)).rejects.toEqual(exceeded);
    expect(() => codec.decompressSync(data, { maxOutputBytes: 0 })).toThrow(code('size_exceeded'));
    expect(codec.decompressSync(encode[name](new Uint8Array(0)), { maxOutputBytes: 0 })).toHaveLength(0);

    const bomb = encode[name](new Uint8Array(64 << 20));
    for (const attempt of [() => codec.decompressSync(bomb, { maxOutputBytes: 1 << 20 }), () => codec.decompress(bomb, { maxOutputBytes: 1 << 20 })]) {
      expect(await outcome(attempt)).toBe('size_exceeded');
    }
    expect(await outcome(() => streamed(codec, bomb, 65536, { maxOutputBytes: 1 << 20 }))).toBe('size_exceeded');
  });

  it('limits the memory of the decoder', async () => {
    const codec = await configure(all[name]);
    await expect(codec.decompress(encode[name](sample), { maxMemoryBytes: 1024 })).rejects.toEqual(
      expect.objectContaining({ code: 'memory_limit_exceeded', details: expect.objectContaining({ scope: 'decoder', limit: 1024 }) }),
    );
  });

  it('never lets a flipped bit through unseen where it promises so', async () => {
    const codec = await configure(all[name]);
    const plain = sample.subarray(0, 200);
    const data = new Uint8Array(encode[name](plain));
    for (let bit = 0; bit < data.length * 8; bit++) {
      const flipped = data.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      let result: Uint8Array | undefined;
      const told = await failure(() => {
        result = codec.decompressSync(flipped);
      });
      const answer = told.split(' ')[0] as string;
      if (answer === 'accepted' && name !== 'brotli') expect(result, `bit ${bit}`).toEqual(new Uint8Array(plain));
      expect(['accepted', 'corrupt_data', 'truncated_input', 'checksum_mismatch', 'trailing_data', 'unsupported_feature']).toContain(answer);
      expect(await failure(() => codec.decompress(flipped)), `bit ${bit}`).toBe(told);
      expect(await failure(() => streamed(codec, flipped, 1 + (bit % 40))), `bit ${bit}`).toBe(told);
    }
  });

  it('ends on an abort with its reason', async () => {
    const codec = await configure(all[name], (name === 'brotli' ? { quality: 11 } : { level: 9 }) as never);
    const abort = new AbortController();
    const work = codec.compress(new Uint8Array(randomBytes(4 << 20)), { signal: abort.signal });
    setTimeout(() => abort.abort('enough'), 5);
    await expect(work).rejects.toBe('enough');
  });
});

describe('gzip members', () => {
  const first = zlib.gzipSync('one ');
  const second = zlib.gzipSync('two');
  it('are read to the end, wherever the pieces fall', async () => {
    const codec = await configure(gzip);
    const data = new Uint8Array(Buffer.concat([first, zlib.gzipSync(''), second]));
    expect(Buffer.from(codec.decompressSync(data)).toString()).toBe('one two');
    expect(Buffer.from(await codec.decompress(data)).toString()).toBe('one two');
    for (let piece = 1; piece < data.length; piece++) expect(Buffer.from(await streamed(codec, data, piece)).toString()).toBe('one two');
  });

  it('may have names, comments, extra fields and a header check', async () => {
    const raw = zlib.deflateRawSync('text');
    const fields = Buffer.from([0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 3, 0, 9, 9, 9, ...Buffer.from('name\0comment\0')]);
    const check = zlib.crc32(fields);
    const head = Buffer.concat([fields, Buffer.from([check & 255, (check >> 8) & 255])]);
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(zlib.crc32('text'), 0);
    trailer.writeUInt32LE(4, 4);
    const codec = await configure(gzip);
    const data = new Uint8Array(Buffer.concat([head, raw, trailer]));
    expect(Buffer.from(codec.decompressSync(data)).toString()).toBe('text');
    for (const piece of [1, 2, 3, 5, 13]) expect(Buffer.from(await streamed(codec, data, piece)).toString()).toBe('text');
    // In the trailer, in the time and in the comment: each is under a check.
    for (const [at, place] of [
      [data.length - 8, data.length - 8],
      [data.length - 1, data.length - 8],
      [5, fields.length],
      [22, fields.length],
    ] as const) {
      const bad = data.slice();
      bad[at] = (bad[at] as number) ^ 1;
      for (const work of [() => codec.decompressSync(bad), () => codec.decompress(bad), () => streamed(codec, bad, 3)]) {
        expect(await failure(work)).toBe(`checksum_mismatch at ${place}`);
      }
    }
  });

  it('have heads that end', async () => {
    const codec = await configure(gzip);
    const endless = new Uint8Array(300_000).fill(0x61);
    endless.set([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]);
    for (const work of [() => codec.decompressSync(endless), () => codec.decompress(endless), () => streamed(codec, endless, 50_000)]) {
      expect(await failure(work)).toBe('corrupt_data at 0');
    }
  });
});

describe('detection', () => {
  it('knows gzip by its magic, deflate by its header, brotli and identity not', async () => {
    const registry = Registry.of(identity, gzip, deflate, brotli);
    expect(registry.detect(zlib.gzipSync(sample))).toBe('gzip');
    expect(registry.detect(zlib.deflateSync(sample))).toBe('deflate');
    expect(registry.detect(Buffer.from('plain text'))).toBeUndefined();
    same(await registry.decompressAuto(zlib.deflateSync(sample)), sample);
    await registry.dispose();
  });
});
