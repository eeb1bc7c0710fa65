import { brotli, deflate, fixed, gzip, identity, md5, sha512 } from './index.js';

/** What this package brings, for tools that find plugins by their manifest. */
export default [identity, gzip, deflate, brotli, fixed, md5, sha512];
