import { describeLaws } from '@chunker/conformance';
import { describe, test } from 'vitest';
import { blake3 } from '../src/index.js';
import { KERNELS } from './kernels.js';

const kernels = KERNELS.filter(({ skip }) => skip === '').map(({ kernel }) => kernel);

await describeLaws(blake3, { describe, test }, { kernels });
await describeLaws(blake3, { describe, test }, { kernels, options: { length: 77 }, handles: { key: new Uint8Array(32).fill(9) } });
await describeLaws(blake3, { describe, test }, { kernels, options: { context: 'chunker 2026 laws' } });
