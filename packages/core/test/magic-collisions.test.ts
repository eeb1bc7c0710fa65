import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompressionError, defineCodec, Registry } from '../src/index.js';

/** A format of a magic, a length and the bytes; counts how often it is asked to decompress. */
function format(name: string, magic: readonly number[]) {
  const asked = { times: 0 };
  const codec = defineCodec({
    name,
    magicBytes: [...magic],
    compress: (data) => Uint8Array.of(...magic, data.length, ...data),
    decompress(data, _options, { limits }) {
      asked.times += 1;
      const length = data[magic.length];
      if (length === undefined) throw new CompressionError('truncated_input', { algorithm: name });
      if (data.length !== magic.length + 1 + length) throw new CompressionError('corrupt_data', { reason: `${name} has another length` });
      limits.claim(length);
      return data.slice(magic.length + 1);
    },
  });
  return { codec, asked };
}

async function streamed(registry: Registry<never>, data: Uint8Array, step: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  function* source() {
    for (let at = 0; at < data.length; at += step) yield data.subarray(at, at + step);
  }
  for await (const piece of registry.decompressStreamAuto(source())) pieces.push(piece.slice());
  return new Uint8Array(Buffer.concat(pieces));
}

/** Ten formats, each one's magic the beginning of the next one's. */
const nested = () =>
  Array.from({ length: 10 }, (_, i) =>
    format(
      `f${i + 1}`,
      Array.from({ length: i + 1 }, (__, k) => 0x40 + k),
    ),
  );

describe('magics of which one begins another', () => {
  it('give the longest that the data begin with, in whatever order they were registered', () => {
    const property = fc.property(fc.shuffledSubarray(nested(), { minLength: 1 }), fc.integer({ min: 0, max: 12 }), (formats, agreeing) => {
      const registry = new Registry().register(...formats.map(({ codec }) => codec)) as Registry<never>;
      const head = Uint8Array.from({ length: 14 }, (_, k) => (k < agreeing ? 0x40 + k : 0));
      const lengths = formats.map(({ codec }) => Number(codec.name.slice(1))).filter((length) => length <= agreeing);
      expect(registry.detect(head)).toBe(lengths.length === 0 ? undefined : `f${Math.max(...lengths)}`);
    });
    fc.assert(property);
  });

  it('leave data of the shorter one to the longer one where they look like it: its failure is told, nobody else is asked', async () => {
    const [short, long] = [format('short', [1, 2]), format('long', [1, 2, 3])];
    const registry = Registry.of(short.codec, long.codec) as unknown as Registry<never>;
    // Three bytes: the length is the third byte of the longer magic.
    const data = (await (registry as unknown as Registry).codec('short' as never)).compressSync(Uint8Array.of(7, 8, 9));
    const rejection = { code: 'corrupt_data', details: { reason: 'long has another length' } };
    await expect(registry.decompressAuto(data)).rejects.toMatchObject(rejection);
    for (const step of [1, 2, 3, 100]) await expect(streamed(registry, data, step)).rejects.toMatchObject(rejection);
    expect(short.asked.times).toBe(0);
    expect(long.asked.times).toBe(5);
    const alone = Registry.of(short.codec) as unknown as Registry<never>;
    expect(await alone.decompressAuto(data)).toEqual(Uint8Array.of(7, 8, 9));
  });
});

describe('data that begin with a magic by chance', () => {
  it('give what that format says of them: its error, or its result', async () => {
    const formats = nested();
    const registry = new Registry().register(...formats.map(({ codec }) => codec)) as Registry<never>;
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 10 }),
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
      async (length, rest, step) => {
        const data = Uint8Array.of(...Array.from({ length }, (_, k) => 0x40 + k), ...rest);
        const name = registry.detect(data) as string;
        expect(Number(name.slice(1))).toBeGreaterThanOrEqual(length);
        const before = formats.map(({ asked }) => asked.times);
        const told = async (work: () => Promise<Uint8Array>) =>
          work().then(
            (bytes) => [...bytes],
            (error: Error & { code: string }) => error.code,
          );
        const codec = await (registry as unknown as Registry).codec(name as never);
        const own = await told(() => codec.decompress(data));
        expect(await told(() => registry.decompressAuto(data))).toEqual(own);
        expect(await told(() => streamed(registry, data, step))).toEqual(own);
        const askedNow = formats.filter(({ asked }, i) => asked.times > (before[i] as number)).map((one) => one.codec.name);
        expect(askedNow).toEqual([name]);
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });
});
