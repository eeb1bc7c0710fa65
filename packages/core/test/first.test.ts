import { expect, it } from 'vitest';
import * as z from 'zod';
import { defineChunker, defineCodec, defineHash, Registry } from '../src/index.js';

const runs = defineCodec({
  name: 'runs',
  magicBytes: [0x52, 0x4c],
  guarantees: { detectsTruncation: true },
  compress: (data) => {
    const out = new Uint8Array(data.length + 2);
    out.set([0x52, 0x4c]);
    out.set(data, 2);
    return out;
  },
  decompress(data, _o, { limits }) {
    limits.claim(data.length - 2);
    return data.subarray(2);
  },
});
const sum = defineHash({
  name: 'sum',
  digestLength: 4,
  hash: (data) => {
    const o = new Uint8Array(4);
    for (const b of data) o[0]! += b;
    return o;
  },
});
const fixed = defineChunker({
  name: 'fixed',
  options: z.strictObject({
    size: z
      .int()
      .min(1)
      .max(1 << 22)
      .default(1 << 20),
  }),
  cutter: ({ size }) => ({ minSize: size, maxSize: size, nextCut: (w) => Math.min(size, w.length) }),
});

it('works', async () => {
  const r = Registry.of(runs, sum, fixed);
  const c = await r.codec('runs');
  const data = new Uint8Array(100_000).map((_, i) => i * 7);
  expect(await c.decompress(await c.compress(data))).toEqual(data);
  expect(c.decompressSync(c.compressSync(data))).toEqual(data);
  const out = new Uint8Array(100_002);
  expect(await c.compressInto(data, out)).toBe(100_002);
  const many = await c.compressMany([data, data.subarray(3, 10)]);
  expect(many.at(1)).toEqual(c.compressSync(data.subarray(3, 10)));
  expect(await r.decompressAuto(c.compressSync(data))).toEqual(data);
  const parts: Uint8Array[] = [];
  for await (const p of c.decompressStream(c.compressStream([data]))) parts.push(p);
  expect(Buffer.concat(parts)).toEqual(Buffer.from(data));
  const h = await r.hash('sum');
  expect((await h.hashMany([data, data])).length).toBe(8);
  const ch = await r.chunker('fixed', { size: 1000 });
  expect(ch.spec).toBe('fixed:size=1000');
  expect((await ch.chunk(data)).length).toBe(100);
  expect((await r.parse('fixed:size=1KiB')).options).toEqual({ size: 1024 });
  let n = 0;
  for await (const chunk of ch.chunkStream([data, data], { payload: 'view' })) {
    expect(chunk.payload!.length).toBe(1000);
    n++;
  }
  expect(n).toBe(200);
  await expect(r.chunker('fixed', { size: 0 })).rejects.toMatchObject({ code: 'invalid_chunking_options', details: { name: 'size', range: '1..4194304' } });
  await r.dispose();
  await expect(c.compress(data)).rejects.toMatchObject({ code: 'registry_disposed' });
});
