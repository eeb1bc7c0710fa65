import { describeLaws } from '@chunker/conformance';
import { describe, test } from 'vitest';
import { zstd } from '../src/index.js';
import { HERE, sample } from './kernels.js';

await describeLaws(zstd, { describe, test }, { kernels: HERE });
await describeLaws(zstd, { describe, test }, { kernels: HERE, options: { level: 19, checksum: true, contentSize: false } });
await describeLaws(zstd, { describe, test }, { kernels: ['native'], options: { level: -5 }, handles: { dictionary: sample(5000, 1) } });
