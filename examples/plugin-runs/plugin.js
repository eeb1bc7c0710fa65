import { crc32 } from './crc32.js';
import { delta } from './delta.js';
import { hexText } from './hex-text.js';
import { lines } from './lines.js';
import { runs } from './runs.js';

export default [hexText, runs, delta, crc32, lines];
