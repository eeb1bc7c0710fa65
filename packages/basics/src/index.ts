export { brotli } from './brotli.js';
export { deflate } from './deflate.js';
export { fixed } from './fixed.js';
export { gzip } from './gzip.js';
export { identity } from './identity.js';
export { md5, sha512 } from './hashes.js';
export type { BrotliInput, BrotliOptions, DeflateInput, DeflateOptions, FixedInput, FixedOptions } from './options.js';
