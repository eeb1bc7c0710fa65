export type { Addon } from './addon.js';
export { loadCodec, type NativeCodecSettings } from './codec.js';
export type { CodecAddon, NativeCodec, NativeLimits, NativeMany, NativeOffsets, NativeStream } from './codec-addon.js';
export * from './executor.js';
export { callSync, type MakeError } from './faults.js';
export { checkInput, isDetached, isUnfixed } from './inputs.js';
export { type AddonSource, loadAddon, platformTriple } from './load.js';
export { openRoom, type Room, type RunOptions, type Start } from './room.js';
export { isSlabBacked, nativeSlabPool, plainSlab, type Slab, type SlabPool } from './slabs.js';
