import * as z from 'zod';

const level = z.int().min(0).max(9).default(6).describe('0 (fastest) to 9 (smallest); memory grows with it: 94 MiB to compress at 6, 674 MiB at 9');
const extreme = z.boolean().default(false).describe('spends up to twice the time on a percent or two');
const dictionaryBytes = z
  .int()
  .min(4096)
  .max(1_610_612_736)
  .optional()
  .describe(
    'largest distance of a repetition, in bytes; what a decoder must hold; default by level, 8 MiB at 6, never more than the input needs where its length is known',
  );

/** The options of `xz`. Ranges are liblzma's own; nothing is clamped. */
const schema = z.strictObject({
  level,
  extreme,
  check: z.enum(['none', 'crc32', 'crc64', 'sha256']).default('crc64').describe('what stands behind each block, so that damage is noticed'),
  dictionaryBytes,
  blockBytes: z
    .union([
      z.literal('auto'),
      z
        .int()
        .min(4096)
        .max(2 ** 40),
    ])
    .optional()
    .describe(
      'compresses blocks of this many bytes independently, in several threads, and lets decoders do the same; auto: three dictionaries, at least 1 MiB; default one block',
    ),
});

/** The options of `lzma`. */
export const lzmaSchema = z.strictObject({ level, extreme, dictionaryBytes });

/** Options of `xz` as an application writes them; what is left out has its default. */
export type XzInput = z.input<typeof schema>;
/** Options of `xz` as kernels get them: checked, with every default filled in. */
export type XzOptions = z.output<typeof schema>;
/** Options of `lzma` as an application writes them; what is left out has its default. */
export type LzmaInput = z.input<typeof lzmaSchema>;
/** Options of `lzma` as kernels get them: checked, with every default filled in. */
export type LzmaOptions = z.output<typeof lzmaSchema>;

export default schema;
