/** Nanoseconds per byte of content at levels 0 to 9, 1 MiB pieces of executables on one Zen 4 core, rounded: native/kernels/xz/src/cost.rs. */
const COMPRESS = [40, 60, 80, 110, 150, 220, 260, 260, 260, 260];
const EXTREME = 1.4;
/** Compressed data hold some four times their size. */
const DECOMPRESS = 36;

/** Estimated nanoseconds per input byte. */
export function costPerByte(operation: string, level: number, extreme: boolean): number {
  return operation === 'compress' ? (COMPRESS[level] ?? 260) * (extreme ? EXTREME : 1) : DECOMPRESS;
}
