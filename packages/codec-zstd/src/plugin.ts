import { zstd } from './index.js';

/** What this package brings, for tools that find plugins by their manifest. */
export default [zstd];
