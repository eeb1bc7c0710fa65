import { sha256 } from './index.js';

/** What this package brings, for tools that find plugins by their manifest. */
export default [sha256];
