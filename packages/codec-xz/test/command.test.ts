import { describe, expect, it } from 'vitest';
import { command, gathered, joined, lzmaWith, pieces, same, sample, xzWith } from './kernels.js';

const CHECKS = ['none', 'crc32', 'crc64', 'sha256'] as const;

describe.skipIf(command.skip !== '')(`with the xz command ${command.skip}`, () => {
  const data = sample(200_000, 3);

  it('it reads what we write, at every level', async () => {
    for (let level = 0; level <= 9; level++) {
      for (const extreme of [false, true]) {
        const codec = await xzWith({ level, extreme, check: CHECKS[level % 4] as (typeof CHECKS)[number] });
        expect(same(command.run(['-dcq'], await codec.compress(data)), data), `level ${level}`).toBe(true);
        const lzma = await lzmaWith({ level, extreme });
        expect(same(command.run(['-dcq', '--format=lzma'], await lzma.compress(data)), data), `lzma ${level}`).toBe(true);
      }
    }
  });

  it('it reads our blocks, streams and small dictionaries', async () => {
    for (const options of [{ blockBytes: 10_000 }, { blockBytes: 'auto' }, { dictionaryBytes: 5000 }, { blockBytes: 65_536, check: 'sha256' }] as const) {
      const codec = await xzWith({ level: 1, ...options });
      expect(same(command.run(['-dcq', '-T2'], await codec.compress(data)), data)).toBe(true);
      expect(same(command.run(['-dcq'], await gathered(codec.compressStream(pieces(data, () => 7777)))), data)).toBe(true);
    }
    const codec = await xzWith({ blockBytes: 10_000 });
    expect(() => command.run(['-tq'], codec.compressSync(data))).not.toThrow();
  });

  it('we read what it writes, at every level and layout', async () => {
    const [codec, lzma] = [await xzWith(), await lzmaWith()];
    const layouts = [
      ['-T2', '--block-size=10000'],
      ['-T1', '--block-size=10000'],
      ['--check=sha256'],
      ['--x86', '--lzma2'],
      ['--delta=dist=3', '--lzma2=preset=3'],
    ];
    const levels = Array.from({ length: 10 }, (_, level) => [[`-${level}`], [`-${level}e`]]).flat();
    for (const flags of [...levels, ...layouts]) {
      const stream = command.run(['-cq', ...flags], data);
      expect(same(await codec.decompress(stream), data), flags.join(' ')).toBe(true);
      expect(same(await gathered(codec.decompressStream(pieces(stream, () => 5000))), data), flags.join(' ')).toBe(true);
    }
    for (const flags of levels) expect(same(await lzma.decompress(command.run(['-cq', '--format=lzma', ...flags], data)), data), flags.join(' ')).toBe(true);
  });

  it('both read streams behind each other and padding', async () => {
    const codec = await xzWith({ level: 0 });
    const both = joined(command.run(['-cq', '-1'], data), new Uint8Array(8), await codec.compress(data), new Uint8Array(4));
    expect(same(await codec.decompress(both), joined(data, data))).toBe(true);
    expect(same(command.run(['-dcq'], both), joined(data, data))).toBe(true);
    expect(codec.inspect?.(both)).toMatchObject({ frames: 2, blocks: 2, contentBytes: 400_000, check: 'crc64', skippableBytes: 12 });
  });
});
