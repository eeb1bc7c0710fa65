import { describe, test } from 'node:test';
import { describeLaws } from '@chunker/conformance';
import { runs } from './runs.js';

await describeLaws(runs, { describe, test });
