import * as z from 'zod';

/** Zstandard's options. A dictionary is a handle beside them. Ranges are libzstd's own; nothing is clamped. */
const schema = z.strictObject({
  level: z.int().min(-7).max(22).default(3).describe('-7 (fastest) to 22 (smallest); from 20 on much memory; 0 means 3'),
  checksum: z.boolean().default(false).describe("ends each frame with 32 bits of the content's XXH64, so that damage is always noticed"),
  contentSize: z.boolean().default(true).describe("writes the content's length into the frame header, where it is known"),
  longDistance: z.boolean().default(false).describe('finds matches across the whole window, 128 MiB unless windowLog says otherwise'),
  windowLog: z
    .int()
    .min(10)
    .max(31)
    .optional()
    .describe('log2 of the window in bytes; above 27 decoders must raise their memory limit; default by level and input length'),
  minMatch: z.int().min(3).max(7).optional().describe('shortest match looked for, in bytes; default by level'),
  targetBlockBytes: z
    .int()
    .min(1340)
    .max(131_072)
    .optional()
    .describe('aims at compressed blocks of this many bytes, for receivers that decode while they read; costs ratio and speed'),
});

/** Options of `zstd` as an application writes them; what is left out has its default. */
export type ZstdInput = z.input<typeof schema>;
/** Options of `zstd` as kernels get them: checked, with every default filled in. */
export type ZstdOptions = z.output<typeof schema>;

export default schema;
