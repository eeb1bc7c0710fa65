import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { GEAR } from '../src/gear.js';

it('has the entries that its definition gives', () => {
  const defined = Array.from({ length: 256 }, (_, v) => createHash('md5').update(new Uint8Array(64).fill(v)).digest('hex').slice(0, 16));
  expect(GEAR).toEqual(defined);
});
