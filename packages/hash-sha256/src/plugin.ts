import { sha256 } from './index.js';

/** All algorithms of this package, for `Registry.of(...plugin)` and for tools that find plugins by the field `chunker.plugin` of package.json. */
export default [sha256];
