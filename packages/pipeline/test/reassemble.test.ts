import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Manifest, pipeline, reassemble } from '@chunker/pipeline';
import { registry, sampleBytes } from './algorithms.js';

const SIZES = { min: 500, max: 9000, bits: 8 };

/** A manifest and the chunks it names, by hash. */
async function stored(data: Uint8Array): Promise<{ manifest: Manifest; chunks: Map<string, Uint8Array> }> {
  const run = pipeline(registry)
    .chunk('lowbits', SIZES)
    .hash('sha1')
    .dedup()
    .compress('flate')
    .digest('sha1')
    .run(data, { payload: 'copy', manifest: true, windowBytes: 65_536 });
  const chunks = new Map<string, Uint8Array>();
  for await (const { hash, payload } of run) if (payload !== undefined) chunks.set(Buffer.from(hash as Uint8Array).toString('hex'), payload);
  return { manifest: JSON.parse(JSON.stringify(await run.manifest())) as Manifest, chunks };
}

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

describe('reassembling', () => {
  it('gives back the input', async () => {
    const property = fc.asyncProperty(fc.integer({ min: 0, max: 300_000 }), fc.integer({ min: 1, max: 16 }), async (length, concurrency) => {
      const data = sampleBytes(length, length + 1);
      const { manifest, chunks } = await stored(data);
      const back = await bytesOf(reassemble(registry, manifest, ({ hash }) => chunks.get(hash as string) as Uint8Array, { concurrency }));
      expect(Buffer.compare(back, data)).toBe(0);
      expect(manifest.specs).toEqual({ chunker: 'lowbits:min=500,max=9000,bits=8', hash: 'sha1', codec: 'flate' });
    });
    await fc.assert(property, { numRuns: 20 });
  });

  it('names the chunk that was changed, and hands out nothing of it', async () => {
    const data = sampleBytes(100_000);
    const { manifest, chunks } = await stored(data);
    const index = 9;
    const offset = manifest.lengths.slice(0, index).reduce((sum, length) => sum + length, 0);
    const other = chunks.get((manifest.hashes as string[])[2] as string) as Uint8Array;
    const pulled: Uint8Array[] = [];
    const attempt = (async () => {
      for await (const piece of reassemble(registry, manifest, (chunk) => (chunk.index === index ? other : (chunks.get(chunk.hash as string) as Uint8Array))))
        pulled.push(piece);
    })();
    await expect(attempt).rejects.toMatchObject({ code: 'stage_failed', details: { offset } });
    expect(Buffer.concat(pulled).length).toBe(offset);
  });

  it('reports a chunk that cannot be fetched', async () => {
    const { manifest } = await stored(sampleBytes(50_000));
    const attempt = bytesOf(reassemble(registry, manifest, () => Promise.reject(new Error('not in the store'))));
    await expect(attempt).rejects.toMatchObject({ code: 'stage_failed', details: { stage: 'fetch', offset: 0 }, cause: { message: 'not in the store' } });
  });

  it('asks for no more than it was told at a time', async () => {
    const { manifest, chunks } = await stored(sampleBytes(200_000));
    let now = 0;
    let most = 0;
    const fetchChunk = async ({ hash }: { hash?: string }) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return chunks.get(hash as string) as Uint8Array;
    };
    await bytesOf(reassemble(registry, manifest, fetchChunk, { concurrency: 3 }));
    expect(most).toBe(3);
  });

  it.each([
    ['null', null],
    ['another version', { version: 2 }],
    ['lengths that do not add up', { version: 1, bytes: 5, specs: {}, digests: {}, lengths: [4] }],
    ['a length that is no length', { version: 1, bytes: -1, specs: {}, digests: {}, lengths: [-1] }],
    ['too few hashes', { version: 1, bytes: 2, specs: {}, digests: {}, lengths: [1, 1], hashes: ['00'] }],
  ])('refuses %s as a manifest', async (_, manifest) => {
    await expect(bytesOf(reassemble(registry, manifest as never, () => new Uint8Array(0)))).rejects.toMatchObject({ code: 'invalid_pipeline' });
  });

  it('has a manifest of a run that nobody iterated, and none of one that kept no rows', async () => {
    const data = sampleBytes(30_000);
    const line = pipeline(registry).chunk('lowbits', SIZES).hash('sha1');
    expect((await line.run(data).manifest()).bytes).toBe(30_000);
    const read = line.run(data);
    for await (const _ of read);
    await expect(read.manifest()).rejects.toMatchObject({ code: 'invalid_pipeline' });
  });
});
