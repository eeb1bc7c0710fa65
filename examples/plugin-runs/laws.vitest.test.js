import { describeLaws } from '@chunker/conformance';
import { describe, test } from 'vitest';
import plugin from './plugin.js';

for (const algorithm of plugin) await describeLaws(algorithm, { describe, test });
