import { describeLaws } from '@chunker/conformance';
import { describe, test } from 'vitest';
import { fastcdc } from '../src/index.js';

// Even and odd sizes keep the same laws; small ones are quickest to check.
await describeLaws(fastcdc, { describe, test }, { options: { min: 64, avg: 256, max: 1024 }, kernels: ['native', 'js'] });
await describeLaws(
  fastcdc,
  { describe, test },
  { options: { min: 101, avg: 999, max: 4001, normalization: 3, seed: '0xfeedfacecafebeef' }, kernels: ['native', 'js'], runs: 30 },
);
