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

/** Options of `deflate` and `gzip` as an application writes them; what is left out has its default. */
export type DeflateInput = z.input<typeof deflateOptions>;
/** Options of `deflate` and `gzip` as kernels get them: checked, with every default filled in. */
export type DeflateOptions = z.output<typeof deflateOptions>;
/** Options of `brotli` as an application writes them; what is left out has its default. */
export type BrotliInput = z.input<typeof brotliOptions>;
/** Options of `brotli` as the kernel gets them: checked, with every default filled in. */
export type BrotliOptions = z.output<typeof brotliOptions>;
/** Options of `fixed` as an application writes them; what is left out has its default. */
export type FixedInput = z.input<typeof fixedOptions>;
/** Options of `fixed` as the chunker gets them: checked, with every default filled in. */
export type FixedOptions = z.output<typeof fixedOptions>;
