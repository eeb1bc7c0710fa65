import { describeLaws } from '@chunker/conformance';
import { describe, test } from 'vitest';
import { lzma, xz } from '../src/index.js';

await describeLaws(xz, { describe, test }, { kernels: ['native'], options: { level: 1 } });
await describeLaws(xz, { describe, test }, { kernels: ['native'], options: { level: 0, check: 'sha256', blockBytes: 4096 } });
await describeLaws(lzma, { describe, test }, { kernels: ['native'], options: { level: 1 } });
