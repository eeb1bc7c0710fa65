import { describe, expect, it } from 'vitest';
import { command, KERNELS, on, same, sample } from './kernels.js';

describe.each(KERNELS)('$kernel $skip', ({ kernel, skip }) => {
  describe.skipIf(skip !== '' || command.skip !== '')(`with the zstd command ${command.skip}`, () => {
    const data = sample(200_000, 3);

    it('it reads what we write, at every level', async () => {
      for (let level = -7; level <= 22; level++) {
        const codec = await on(kernel, { level, checksum: level % 2 === 0, contentSize: level % 3 !== 0 });
        expect(same(command.run(['-dcq'], await codec.compress(data)), data), `level ${level}`).toBe(true);
      }
      const long = await on(kernel, { longDistance: true, windowLog: 25 });
      expect(same(command.run(['-dcq'], await long.compress(data)), data)).toBe(true);
    });

    it('we read what it writes, at every level', async () => {
      const codec = await on(kernel);
      const flags = [
        ...Array.from({ length: 19 }, (_, at) => [`-${at + 1}`]),
        ['--fast=9'],
        ['--ultra', '-22'],
        ['--long=27'],
        ['--no-check', '--no-content-size'],
        ['-T2'],
      ];
      for (const one of flags) expect(same(await codec.decompress(command.run(['-cq', ...one], data)), data), one.join(' ')).toBe(true);
    });
  });
});
