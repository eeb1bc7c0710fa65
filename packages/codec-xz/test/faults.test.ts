import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cpuTime } from '../../codec-zstd/test/attacks.js';
import { gathered, joined, lzmaWith, outcome, pieces, same, sample, xzWith } from './kernels.js';

const data = sample(1200, 1);

describe('xz', () => {
  it('notices truncation at every byte', async () => {
    for (const codec of [await xzWith(), await xzWith({ check: 'none', blockBytes: 4096 })]) {
      const stream = codec.compressSync(data);
      const two = joined(stream, new Uint8Array(4), stream);
      for (let cut = 0; cut < two.length; cut++) {
        const past = cut - stream.length;
        // Padding is whole or trailing; of the second stream six bytes are the magic.
        const expected = past === 0 || past === 4 ? 'accepted' : past < 0 || past >= 10 ? 'truncated_input' : 'trailing_data';
        expect([cut, await outcome(() => codec.decompressSync(two.subarray(0, cut)))]).toEqual([cut, expected]);
      }
    }
  });

  it('notices every flipped bit, with offsets that do not depend on the door', async () => {
    const codec = await xzWith({ check: 'crc32' });
    const stream = codec.compressSync(data);
    for (let bit = 0; bit < stream.length * 8; bit++) {
      const damaged = stream.slice();
      (damaged[bit >> 3] as number) ^= 1 << (bit & 7);
      const whole = await told(() => codec.decompressSync(damaged));
      expect(whole, `bit ${bit}`).not.toBe('accepted');
      if (bit % 13 === 0)
        expect(
          await told(() =>
            gathered(
              codec.decompressStream(
                pieces(damaged, () => 5),
                { maxOutputBytes: 2 ** 30 },
              ),
            ),
          ),
          `bit ${bit}`,
        ).toBe(whole);
    }
  });

  it('gives no machine code that its filter has not seen, and leaves none behind', async () => {
    const codec = await xzWith();
    for (const stream of [goldenStream('calls, filter x86'), goldenStream('calls, filters x86 and delta')]) {
      for (let at = 24; at < stream.length - 60; at += 61) {
        const damaged = stream.slice();
        (damaged[at] as number) ^= 0x10;
        const given = await Promise.all([1, 300, stream.length].map((size) => beforeFault(codec.decompressStream(pieces(damaged, () => size)))));
        // Wrong, perhaps, for nothing was verified yet; but not different from split to split.
        const longest = given.reduce((most, one) => (one.length > most.length ? one : most));
        for (const one of given) expect(same(one, longest.subarray(0, one.length)), `byte ${at}`).toBe(true);
        const place = new Uint8Array(20_000).fill(9);
        expect(await outcome(() => codec.decompressInto(damaged, place))).toMatch(/corrupt_data|checksum_mismatch/);
        expect(place.every((byte) => byte === 0 || byte === 9)).toBe(true);
      }
    }
  });

  it('tells truncation, trailing data, padding and a wrong check apart', async () => {
    const codec = await xzWith();
    const stream = await codec.compress(data);
    const wrong = stream.slice();
    // Footer (12), index (8 of CRC, count, two sizes of two bytes, padding), then the check.
    const checkAt = stream.length - 12 - 12 - 8;
    (wrong[checkAt] as number) ^= 1;
    await expect(codec.decompress(wrong)).rejects.toMatchObject({ code: 'checksum_mismatch', details: { offset: checkAt } });
    await expect(codec.decompress(stream.subarray(0, 50))).rejects.toMatchObject({ code: 'truncated_input', details: { offset: 50 } });
    const tails: [number[], number][] = [
      [[1], 0],
      [[0], 0],
      [[0, 0, 0], 0],
      [[0, 0, 0, 0, 0], 4],
      [[0xfd, 0x37], 0],
      [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 1], 0],
      [[1, 2, 3, 4, 5, 6, 7, 8, 9], 0],
    ];
    for (const [tail, at] of tails) {
      const more = joined(stream, Uint8Array.from(tail));
      await expect(codec.decompress(more)).rejects.toMatchObject({ code: 'trailing_data', details: { offset: stream.length + at } });
      expect(same(await codec.decompress(more, { allowTrailing: true }), data)).toBe(true);
    }
    expect(await outcome(() => codec.decompress(joined(stream, stream.subarray(0, 9)), { allowTrailing: true }))).toBe('truncated_input');
  });

  it('names what it does not know', async () => {
    const codec = await xzWith();
    await expect(codec.decompress(new TextEncoder().encode('PK and more'))).rejects.toMatchObject({
      code: 'unknown_format',
      details: { head: '504b20616e64206d' },
    });
    expect(await outcome(() => codec.decompress(new Uint8Array(0)))).toBe('truncated_input');
    for (const options of [
      { level: 10 },
      { level: -1 },
      { check: 'md5' },
      { dictionaryBytes: 4095 },
      { blockBytes: 4095 },
      { blockBytes: 'all' },
      { windowLog: 20 },
    ]) {
      expect(await outcome(() => xzWith(options as object))).toBe('invalid_options');
    }
  });

  it('holds output limits to the byte', async () => {
    for (const codec of [await xzWith({ level: 0 }), await xzWith({ level: 0, blockBytes: 100_000 })]) {
      for (const length of [1, 100_000, 3 << 20]) {
        const plain = sample(length, 2);
        const stream = await codec.compress(plain);
        expect(same(await codec.decompress(stream, { maxOutputBytes: length }), plain)).toBe(true);
        expect(same(await gathered(codec.decompressStream([stream], { maxOutputBytes: length })), plain)).toBe(true);
        // The index stands at the end: whole data tell their size before they are decoded, streams do not.
        await expect(codec.decompress(stream, { maxOutputBytes: length - 1 })).rejects.toMatchObject({
          code: 'size_exceeded',
          details: { limit: length - 1, declared: length },
        });
        expect(await outcome(() => gathered(codec.decompressStream([stream], { maxOutputBytes: length - 1 })))).toBe('size_exceeded');
        const place = new Uint8Array(length);
        expect(await codec.decompressInto(stream, place)).toBe(length);
        await expect(codec.decompressInto(stream, place.subarray(1))).rejects.toMatchObject({
          code: 'output_too_small',
          details: { available: length - 1, needed: length },
        });
      }
    }
  });

  it('takes memory for dictionaries only within the limit', async () => {
    // The header of a block with a dictionary of 1.5 GiB: 0x25 stands for it, and the CRC32 is that of the header.
    const codec = await xzWith({ level: 0, dictionaryBytes: 1_610_612_736 });
    const long = await gathered(codec.compressStream([data]));
    await expect(codec.decompress(long)).rejects.toMatchObject({ code: 'memory_limit_exceeded', details: { scope: 'decoder', limit: 2 ** 27 } });
    const { needed } = (await codec.decompress(long).catch((error) => error)).details as { needed: number };
    expect(needed).toBeGreaterThan(1_610_612_736);
    expect(codec.inspect?.(long)).toMatchObject({ windowBytes: 1_610_612_736 });
    // Exactly what level 0 needs passes.
    const small = await codec.compress(data);
    const least = (await codec.decompress(small, { maxMemoryBytes: 1 }).catch((error) => error)).details.needed as number;
    expect(same(await codec.decompress(small, { maxMemoryBytes: least }), data)).toBe(true);
    expect(await outcome(() => codec.decompress(small, { maxMemoryBytes: least - 1 }))).toBe('memory_limit_exceeded');
  });

  it('stops a bomb at the limit', async () => {
    const codec = await xzWith({ level: 1 });
    const bomb = await codec.compress(new Uint8Array(512 << 20));
    const before = process.memoryUsage().rss;
    for (const limit of [1 << 20, 32 << 20]) {
      const milliseconds = await cpuTime(async () => {
        expect(await outcome(() => codec.decompress(bomb, { maxOutputBytes: limit }))).toBe('size_exceeded');
        // Without the index's word it takes the time of decoding up to the limit.
        expect(await outcome(() => codec.decompress(bomb.subarray(0, bomb.length - 1), { maxOutputBytes: limit }))).toBe('size_exceeded');
      });
      expect(milliseconds).toBeLessThan(3000);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(128 << 20);
  });
});

describe('lzma', () => {
  it('notices truncation at every byte, and what stands behind', async () => {
    const codec = await lzmaWith();
    const stream = codec.compressSync(data);
    for (let cut = 0; cut < stream.length; cut++)
      expect([cut, await outcome(() => codec.decompressSync(stream.subarray(0, cut)))]).toEqual([cut, 'truncated_input']);
    const more = joined(stream, Uint8Array.of(0));
    await expect(codec.decompress(more)).rejects.toMatchObject({ code: 'trailing_data', details: { offset: stream.length } });
    expect(same(await codec.decompress(more, { allowTrailing: true }), data)).toBe(true);
  });

  it('knows limits and other formats', async () => {
    const codec = await lzmaWith({ level: 0 });
    const stream = await codec.compress(data);
    expect(codec.inspect?.(stream)).toEqual({ frames: 1, windowBytes: 4096, checksum: false, skippableBytes: 0 });
    expect(await outcome(() => codec.decompress(stream, { maxOutputBytes: 1199 }))).toBe('size_exceeded');
    await expect(codec.decompress(stream, { maxMemoryBytes: 4096 })).rejects.toMatchObject({
      code: 'memory_limit_exceeded',
      details: { scope: 'decoder', limit: 4096 },
    });
    const huge = stream.slice();
    huge.set([0, 0, 0, 0x60], 1);
    expect(await outcome(() => codec.decompress(huge))).toBe('memory_limit_exceeded');
    expect(await outcome(() => codec.decompress(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4)))).toBe('unknown_format');
    // A size that lies: more than there is, less than there is.
    for (const [declared, code] of [
      [1201, 'corrupt_data'],
      [1199, 'corrupt_data'],
    ] as const) {
      const lying = stream.slice();
      lying.set([declared & 255, declared >> 8, 0, 0, 0, 0, 0, 0], 5);
      expect([declared, await outcome(() => codec.decompress(lying))]).toEqual([declared, code]);
    }
    const known = stream.slice();
    known.set([1200 & 255, 1200 >> 8, 0, 0, 0, 0, 0, 0], 5);
    for (const size of [1, 3, 2000]) expect(same(await gathered(codec.decompressStream(pieces(known, () => size))), data)).toBe(true);
  });
});

/** A stream of the `xz` command: vectors/xz. */
function goldenStream(name: string): Uint8Array {
  const golden = JSON.parse(readFileSync(new URL('../../../vectors/xz/golden.json', import.meta.url), 'utf8')) as { cases: { name: string; stream: string }[] };
  const found = golden.cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no golden stream '${name}'`);
  return new Uint8Array(Buffer.from(found.stream, 'base64'));
}

/** What a stream gives before it fails, as it must. */
async function beforeFault(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const given: Uint8Array[] = [];
  const failed = outcome(async () => {
    for await (const bytes of stream) given.push(bytes);
  });
  expect(await failed).not.toBe('accepted');
  return joined(...given);
}

/** Code and offset. */
async function told(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (error) {
    const { code, details } = error as { code: string; details: { offset?: number } };
    return `${code} ${details.offset ?? ''}`;
  }
}
