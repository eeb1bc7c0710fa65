export type { NarTree } from './described.js';
export { isNar } from './detect.js';
export type { NarEntryDetails } from './errors.js';
export { NAR_LIMITS, type NarLimits } from './limits.js';
export { type NarHandler, NarParser, type NarParserOptions } from './parser.js';
export { type NarInput, type NarStreamOptions, narStream, type PackOptions, packNar } from './pack.js';
export { type NarEntry, NarPacker, type PackerOptions } from './packer.js';
