import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, brotliDecompressSync, constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { defineCodec, Registry } from '@chunker/core';
import { describe, expect, it } from 'vitest';
import { type CompressionStrategy, type Manifest, pipeline, reassemble } from '@chunker/pipeline';
import { lowbits, sha1 } from './algorithms.js';
import { collect } from './records.js';

const SIZES = { min: 4000, max: 40_000, bits: 12 };
const SMALL = { windowBytes: 65_536 } as const;

/** An option without a library. */
const level = (initial: number) => ({
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) => ({ value: { level: initial, ...(value as { level?: number }) } }),
    types: undefined as unknown as { readonly input: { level?: number }; readonly output: { level: number } },
  },
});

const squeezing = {
  name: 'squeeze',
  options: level(6),
  efforts: {
    fastest: { options: { level: 1 }, nanosecondsPerByte: 7, ratio: 0.4 },
    balanced: { options: { level: 6 }, nanosecondsPerByte: 20, ratio: 0.33 },
    smallest: { options: { level: 9 }, nanosecondsPerByte: 40, ratio: 0.32 },
  },
  compress: (data: Uint8Array, { level }: { level: number }) => new Uint8Array(deflateRawSync(data, { level })),
  decompress: (data: Uint8Array) => new Uint8Array(inflateRawSync(data)),
} as const;
const squeeze = defineCodec(squeezing);

const press = defineCodec({
  name: 'press',
  options: level(5),
  efforts: {
    fastest: { options: { level: 1 }, nanosecondsPerByte: 3, ratio: 0.38 },
    smallest: { options: { level: 9 }, nanosecondsPerByte: 80, ratio: 0.28 },
  },
  compress: (data, { level }) => new Uint8Array(brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: level } })),
  decompress: (data) => new Uint8Array(brotliDecompressSync(data)),
});

/** Six random bits in each byte: no codec makes less than three quarters of it. */
const known = randomBytes(300_000).map((byte) => byte & 63);

/** Declares nothing; knows one file by heart and nothing else. */
const memory = defineCodec({
  name: 'memory',
  compress(data) {
    const at = Buffer.from(known).indexOf(data);
    return at < 0 ? Uint8Array.of(0, ...data) : new Uint8Array(Uint32Array.of(1, at, data.length).buffer);
  },
  decompress(data) {
    if (data[0] === 0) return data.slice(1);
    const [, at = 0, length = 0] = new Uint32Array(data.slice().buffer);
    return known.slice(at, at + length);
  },
});

const words = Buffer.from(
  readFileSync(new URL('../src/engine/parallel.ts', import.meta.url))
    .toString()
    .repeat(30),
);
const program = readFileSync(process.execPath).subarray(4_000_000, 4_300_000);
const noise = randomBytes(300_000);
const mixed = Buffer.concat([words.subarray(0, 200_000), noise, program, words.subarray(200_000), Buffer.alloc(100_000)]);

const registry = Registry.of(lowbits, sha1, squeeze, press, memory);
const line = (strategy: CompressionStrategy, of: Registry<typeof lowbits | typeof sha1> = registry) =>
  pipeline(of).chunk('lowbits', SIZES).hash('sha1').compress(strategy);

/** Runs, keeps the chunks, goes through JSON, and puts the input together again. */
async function thereAndBack(strategy: CompressionStrategy, data: Uint8Array, mode: 'parallel' | 'sequential') {
  const run = line(strategy)
    .dedup()
    .verify()
    .run(data, { ...SMALL, mode, payload: 'view', manifest: true });
  const chunks = new Map<string, Uint8Array>();
  const codecs = new Map<string, number>();
  for await (const record of run) {
    if (record.codec === undefined) continue;
    expect(record.copy()?.length).toBe(record.compressedLength);
    codecs.set(record.codec, (codecs.get(record.codec) ?? 0) + 1);
    chunks.set(Buffer.from(record.hash as Uint8Array).toString('hex'), record.copy() as Uint8Array);
  }
  const manifest = JSON.parse(JSON.stringify(await run.manifest())) as Manifest;
  const pieces: Uint8Array[] = [];
  for await (const piece of reassemble(registry, manifest, ({ hash }) => chunks.get(hash as string) as Uint8Array)) pieces.push(piece);
  expect(Buffer.compare(Buffer.concat(pieces), data)).toBe(0);
  return { manifest, codecs, summary: await run.summary() };
}

describe.each(['fastest', 'balanced', 'smallest', 'auto', 'adaptive'] as const)('the strategy %s', (strategy) => {
  it.each(['parallel', 'sequential'] as const)('gives back what went in, verified (%s)', async (mode) => {
    const { manifest, codecs, summary } = await thereAndBack({ strategy }, mixed, mode);
    expect(summary.verified).toBe(true);
    expect(summary.compressedBytes).toBeLessThan(summary.uniqueBytes);
    expect(manifest.specs.codecs?.[0]).toBe('identity');
    expect(codecs.get('identity')).toBeGreaterThan(5);
  });

  it('stores what is as good as random, whole and to the byte', async () => {
    const records = await collect(line({ strategy }).run(noise, { ...SMALL, payload: 'view' }));
    for (const record of records) {
      expect(record.codec).toBe('identity');
      expect(record.compressedLength).toBe(record.length);
    }
    expect(Buffer.concat(records.map(({ payload }) => Buffer.from(payload as string, 'hex'))).equals(noise)).toBe(true);
  });

  it('chooses the same in both modes, with any queue', async () => {
    const declaring = Registry.of(lowbits, sha1, squeeze, press);
    const first = await collect(line({ strategy }, declaring).run(mixed, { ...SMALL, mode: 'sequential', payload: 'view' }));
    for (const queue of [2, 5]) expect(await collect(line({ strategy }, declaring).run(mixed, { ...SMALL, queue, payload: 'view' }))).toEqual(first);
  });
});

describe('a strategy', () => {
  const specsOf = async (strategy: CompressionStrategy, data: Uint8Array = words, of: Registry<typeof lowbits | typeof sha1> = registry) =>
    (await line(strategy, of).run(data, SMALL).manifest()).specs.codecs;

  it('goes by what codecs declare, whoever made them', async () => {
    expect(await specsOf({ strategy: 'fastest' })).toEqual(['identity', 'press:level=1']);
    expect(await specsOf({ strategy: 'balanced' })).toEqual(['identity', 'squeeze:level=6']);
    expect(await specsOf({ strategy: 'smallest' })).toEqual(['identity', 'press:level=9']);
  });

  it('tries all that are registered, a stranger’s that declares nothing as well', async () => {
    // What takes no time by the clock wins from what declares a millisecond per byte, however busy the machine is.
    const plodding = { ...squeezing, name: 'plodding', efforts: { balanced: { options: {}, nanosecondsPerByte: 1e6, ratio: 0.5 } } } as const;
    expect(await specsOf({ strategy: 'auto' }, known, Registry.of(lowbits, sha1, defineCodec(plodding), memory))).toEqual(['identity', 'memory']);
    const records = await collect(line({ strategy: 'adaptive' }).run(mixed, SMALL));
    expect(new Set(records.map(({ codec }) => codec)).size).toBeGreaterThan(1);
    expect(await specsOf({ strategy: 'fastest' }, known, Registry.of(lowbits, sha1, memory))).toEqual(['identity', 'memory']);
  });

  it('keeps to the codecs that were named', async () => {
    expect(await specsOf({ strategy: 'smallest', codecs: ['squeeze'] })).toEqual(['identity', 'squeeze:level=9']);
    await expect(specsOf({ strategy: 'auto', codecs: ['zstd'] })).rejects.toMatchObject({ code: 'algorithm_unknown' });
  });

  it('stores a result that is no better than minRatio', async () => {
    const half = Buffer.concat(Array.from({ length: 40 }, () => Buffer.concat([randomBytes(2500), Buffer.alloc(2500)])));
    for (const minRatio of [0.4, 0.95]) {
      for (const { codec, length, compressedLength = 0 } of await collect(line({ strategy: 'balanced', minRatio }).run(half, SMALL))) {
        if (codec === 'identity') expect(compressedLength).toBe(length);
        else expect(compressedLength).toBeLessThanOrEqual(minRatio * length);
      }
    }
    const stored = async (minRatio: number) =>
      (await collect(line({ strategy: 'balanced', minRatio }).run(half, SMALL))).filter(({ codec }) => codec === 'identity').length;
    expect(await stored(0.4)).toBeGreaterThan(await stored(0.95));
  });

  it('goes over to a faster codec when one takes too long, and stays with the fastest', async () => {
    const calls: string[] = [];
    const lazy = (name: string, nanosecondsPerByte: number, milliseconds: number) =>
      defineCodec({
        name,
        efforts: { smallest: { options: {}, nanosecondsPerByte, ratio: 0.1 + 1 / nanosecondsPerByte } },
        async compress(data) {
          calls.push(name);
          await new Promise((resolve) => setTimeout(resolve, milliseconds));
          return new Uint8Array(deflateRawSync(data));
        },
        decompress: (data) => new Uint8Array(inflateRawSync(data)),
      });
    const of = Registry.of(lowbits, sha1, lazy('turtle', 1000, 30), lazy('snail', 800, 30), lazy('dog', 100, 30), lazy('hare', 10, 0));
    // Chunks that are not small, so that each is a job of its own.
    const slowly = pipeline(of).chunk('lowbits', { min: 70_000, max: 90_000, bits: 12 }).compress({ strategy: 'smallest', maxCompressionTimeMs: 20 });
    const records = await collect(slowly.run(words, { windowBytes: 131_072, mode: 'sequential' }));
    // The snail is hardly faster than the turtle and gets no turn.
    expect(calls.slice(0, 3)).toEqual(['turtle', 'dog', 'hare']);
    expect(new Set(calls.slice(2))).toEqual(new Set(['hare']));
    expect(records.map(({ codec }) => codec).slice(0, 3)).toEqual(['turtle', 'dog', 'hare']);
  });

  it('tells of each chunk what it is', async () => {
    const kinds = new Map<string, number>();
    for await (const { content, length } of line({ strategy: 'adaptive' }).run(mixed, SMALL)) {
      expect(content?.entropy).toBeLessThanOrEqual(8);
      kinds.set(content?.kind ?? '', (kinds.get(content?.kind ?? '') ?? 0) + length);
    }
    expect(kinds.get('text')).toBeGreaterThan(words.length * 0.8);
    expect(kinds.get('high-entropy')).toBeGreaterThan(200_000);
    expect(kinds.get('binary')).toBeGreaterThan(200_000);
  });

  it('leaves out what cannot be taken, and says why where nothing can', async () => {
    const broken = defineCodec({
      name: 'broken',
      efforts: { balanced: { options: {}, nanosecondsPerByte: 0.1, ratio: 0.01 } },
      kernels: { wasm: () => Promise.reject(new Error('no kernel of mine')) },
    });
    expect(await specsOf({ strategy: 'balanced' }, words, Registry.of(lowbits, sha1, broken, squeeze))).toEqual(['identity', 'squeeze:level=6']);
    expect(await specsOf({ strategy: 'auto' }, words, Registry.of(lowbits, sha1, broken, squeeze))).toEqual(['identity', 'squeeze:level=1']);
    for (const strategy of ['balanced', 'auto'] as const) {
      await expect(specsOf({ strategy }, words, Registry.of(lowbits, sha1, broken))).rejects.toSatisfy((error: { code: string; details: { code?: string } }) =>
        [error.code, error.details.code].includes('algorithm_unavailable'),
      );
    }
    await expect(specsOf({ strategy: 'auto' }, words, Registry.of(lowbits, sha1))).rejects.toMatchObject({ code: 'invalid_pipeline' });
  });

  it.each([
    [{ strategy: 'best' }],
    [{ strategy: 'auto', minRatio: 0 }],
    [{ strategy: 'auto', minRatio: 1.5 }],
    [{ strategy: 'auto', maxCompressionTimeMs: -1 }],
    [{ strategy: 'auto', maxCompressionTimeMs: Number.NaN }],
    [{ strategy: 'auto', codecs: [] }],
  ])('refuses %j', (strategy) => {
    expect(() => pipeline(registry).compress(strategy as never)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});

describe('reassembling chunks of several codecs', () => {
  it('asks the store where another run compressed a repeated chunk', async () => {
    const manifestOf = { version: 1, bytes: 3, specs: { codecs: ['identity'] }, digests: {}, lengths: [3], codecs: [null] } as const;
    const payload = Uint8Array.of(1, 2, 3);
    const read = async (answer: Parameters<typeof reassemble>[2]) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of reassemble(registry, manifestOf, answer)) pieces.push(piece);
      return Buffer.concat(pieces);
    };
    await expect(read(() => payload)).rejects.toMatchObject({ code: 'stage_failed', details: { stage: 'decompress', code: 'invalid_pipeline' } });
    expect(await read(() => ({ payload, codec: 'identity' }))).toEqual(Buffer.from(payload));
    expect(await read(async () => ({ payload: new Uint8Array(deflateRawSync(payload)), codec: 'squeeze:level=9' }))).toEqual(Buffer.from(payload));
  });

  it.each([
    [{ specs: { codecs: 'zstd' }, codecs: [0] }],
    [{ specs: { codecs: ['identity'] }, codecs: [1] }],
    [{ specs: { codecs: ['identity'] }, codecs: [] }],
    [{ specs: { codecs: ['identity'] } }],
    [{ specs: {}, codecs: [0] }],
  ])('refuses the manifest %j', async (part) => {
    const manifest = { version: 1, bytes: 3, digests: {}, lengths: [3], ...part };
    const read = async () => {
      for await (const _ of reassemble(registry, manifest as never, () => new Uint8Array(3)));
    };
    await expect(read()).rejects.toMatchObject({ code: 'invalid_pipeline' });
  });
});
