import { brotli, deflate, fixed, gzip, identity, md5, sha512 } from './index.js';

/** All algorithms of this package, for `Registry.of(...plugin)` and for tools that find plugins by the field `chunker.plugin` of package.json. */
export default [identity, gzip, deflate, brotli, fixed, md5, sha512];
