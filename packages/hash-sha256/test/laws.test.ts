import { describeLaws } from '@chunker/conformance';
import { describe, test } from 'vitest';
import { sha256 } from '../src/index.js';

await describeLaws(sha256, { describe, test }, { kernels: ['native', 'platform', 'js'] });
