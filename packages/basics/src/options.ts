import * as z from 'zod';

/** Options of gzip and deflate. */
export const deflateOptions = z.strictObject({
  level: z.int().min(0).max(9).default(6).describe('Effort: 0 stores, 1 is fast, 9 is small'),
});

/** Options of brotli. */
export const brotliOptions = z.strictObject({
  quality: z.int().min(0).max(11).default(9).describe('Effort: 0 is fast, 11 is small and very slow'),
  windowBits: z.int().min(10).max(24).default(22).describe('Base-2 logarithm of the window in bytes'),
});

/** Options of the fixed-size chunker. */
export const fixedOptions = z.strictObject({
  size: z
    .int()
    .min(1)
    .max(64 * 1024 * 1024)
    .default(1024 * 1024)
    .describe('Bytes per chunk; only the last may be shorter'),
});

/** What an application writes for deflate and gzip. */
export type DeflateInput = z.input<typeof deflateOptions>;
/** What the kernels of deflate and gzip read. */
export type DeflateOptions = z.output<typeof deflateOptions>;
/** What an application writes for brotli. */
export type BrotliInput = z.input<typeof brotliOptions>;
/** What the kernel of brotli reads. */
export type BrotliOptions = z.output<typeof brotliOptions>;
/** What an application writes for chunks of one size. */
export type FixedInput = z.input<typeof fixedOptions>;
/** What the chunker of one size reads. */
export type FixedOptions = z.output<typeof fixedOptions>;
