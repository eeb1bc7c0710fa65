import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { on } from './kernels.js';
import { hex } from '../../../vectors/reader.js';

const installed = spawnSync('b3sum', ['--version']).status === 0;
if (!installed && process.env.CI) throw new Error('b3sum is not installed');

describe.skipIf(!installed)(`b3sum ${installed ? '' : '(skipped: not installed)'}`, () => {
  it('agrees with the native kernel on random data, sizes and digest lengths', async () => {
    for (let round = 0; round < 12; round++) {
      const data = randomBytes(Math.floor(2 ** (10 + 14 * Math.random())));
      const length = 1 + Math.floor(200 * Math.random());
      const b3sum = execFileSync('b3sum', ['--no-names', '--length', String(length)], { input: data, encoding: 'utf8' }).trim();
      const hash = await on('native', { length });
      expect(hex(await hash.hash(data)), `${data.length} bytes`).toBe(b3sum);
      expect(hex(hash.hashSync(data)), `${data.length} bytes, at once`).toBe(b3sum);
    }
  });
});
