// `npm test`: sets up what is missing, then everything that CI runs.
import { setUp } from './setup.mjs';

await setUp();
await import('./ready.mjs');
