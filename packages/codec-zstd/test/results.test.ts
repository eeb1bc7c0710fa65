import { describe, expect, it } from 'vitest';
import { on } from './kernels.js';

const MIB = 1 << 20;
const turn = () => new Promise((done) => setImmediate(done));

/** Bytes that no other seed gives, and that compress a little. */
function content(seed: number, length = MIB): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = (state >>> 24) & 0x3f;
  }
  return bytes;
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

describe('memory of large results', () => {
  it('does not pile up in a loop that never lets the event loop turn', async () => {
    const codec = await on('native');
    const frame = codec.compressSync(content(1));
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 500; round++) expect(codec.decompressSync(frame).length).toBe(MIB);
    expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(250);
  });

  it('serves the next result only when nobody can see the last one', async () => {
    const codec = await on('native');
    const plains = Array.from({ length: 12 }, (_, seed) => content(seed, 300_000 + seed * 100_000));
    const frames = plains.map((plain) => codec.compressSync(plain));
    const kept: { readonly seed: number; readonly bytes: Uint8Array }[] = [];
    for (let round = 0; round < 20; round++) {
      const results = await Promise.all(frames.map((frame) => codec.decompress(frame)));
      for (const [seed, result] of results.entries()) {
        expect(result.byteOffset).toBe(0);
        expect(result.buffer.byteLength).toBe(result.length);
        expect(same(result, plains[seed] as Uint8Array)).toBe(true);
        // Every fifth is kept, some of them by their memory alone.
        if ((round + seed) % 5 === 0) kept.push({ seed, bytes: round % 2 === 0 ? moved(result) : result });
      }
      globalThis.gc?.();
      await turn();
    }
    for (const { seed, bytes } of kept) expect(same(bytes, plains[seed] as Uint8Array)).toBe(true);
  });

  it('shows what was decoded and nothing else, also where items of a batch fail', async () => {
    const codec = await on('native', { checksum: true });
    const plains = [content(1), content(2, 400_000), content(3, 5), content(4, 700_000)];
    const frames = plains.map((plain) => codec.compressSync(plain));
    const damaged = (frames[1] as Uint8Array).slice();
    damaged.fill(0xff, 200_000, 200_100);
    const items = [frames[0], damaged, frames[2], frames[3]] as Uint8Array[];
    for (const batch of [await codec.decompressMany(items), codec.decompressManySync(items)]) {
      expect([...batch.errors.keys()]).toEqual([1]);
      expect(batch.errors.get(1)).toMatchObject({ code: 'checksum_mismatch' });
      expect(batch.buffer.length).toBe(MIB + 5 + 700_000);
      for (const index of [0, 2, 3]) expect(same(batch.at(index), plains[index] as Uint8Array)).toBe(true);
    }
  });
});

/** The same memory behind another object, where the runtime can do that: Node 20 cannot. */
function moved(bytes: Uint8Array): Uint8Array {
  const buffer = bytes.buffer as ArrayBuffer & { transfer?(): ArrayBuffer };
  return buffer.transfer === undefined ? bytes : new Uint8Array(buffer.transfer());
}
