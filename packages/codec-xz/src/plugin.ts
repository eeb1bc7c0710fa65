import { lzma, xz } from './index.js';

/** What this package brings, for tools that find plugins by their manifest. */
export default [xz, lzma];
