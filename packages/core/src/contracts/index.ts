export * from './algorithm.js';
export * from './bytes.js';
export * from './call.js';
export * from './chunking.js';
export * from './codec.js';
export * from './events.js';
export * from './hash.js';
export * from './kernel.js';
