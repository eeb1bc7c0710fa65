import * as z from 'zod';

/** The largest digest; the kernels' own limit. */
const MAX_LENGTH = 1 << 20;

/** BLAKE3's options. The key of keyed mode is a handle beside them, since it must stand in no JSON and no log. */
const schema = z.strictObject({
  length: z.int().min(1).max(MAX_LENGTH).default(32).describe('bytes of a digest; a longer one begins with the shorter one'),
  context: z
    .string()
    .max(65_536)
    .optional()
    .describe('derive-key mode: a context string, hard-coded, globally unique and specific to the application; not with a key'),
});

/** Options of `blake3` as an application writes them; what is left out has its default. */
export type Blake3Input = z.input<typeof schema>;
/** Options of `blake3` as kernels get them: checked, with every default filled in. */
export type Blake3Options = z.output<typeof schema>;

export default schema;
