import * as z from 'zod';

const KIB = 1024;
const MIB = 1024 * KIB;
const SEED_LIMIT = 1n << 64n;

const seedText = z.string().regex(/^(?:\d{1,20}|0[xX][0-9a-fA-F]{1,16})$/);
// Not z.bigint(): JSON Schema cannot say it, and the schema of all options would be lost with it.
const seedWhole = z.any().refine((value) => typeof value === 'bigint' && value >= 0n) as unknown as z.ZodType<bigint, bigint>;

const sizes = {
  min: z
    .int()
    .min(64)
    .max(MIB)
    .default(256 * KIB)
    .describe('smallest chunk but the last, bytes; an odd one allows chunks of one byte less'),
  avg: z
    .int()
    .min(256)
    .max(4 * MIB)
    .default(MIB)
    .describe('size aimed at, bytes; any number, not only powers of two'),
  max: z
    .int()
    .min(KIB)
    .max(16 * MIB)
    .default(4 * MIB)
    .describe('largest chunk, bytes'),
};

/** FastCDC's options. Sizes in bytes, in order; the seed has 64 bits and is text once parsed, since JSON has no such number. */
const schema = z
  .strictObject({
    ...sizes,
    normalization: z.int().min(0).max(3).default(1).describe('how closely sizes gather around avg'),
    seed: z
      .union([z.int().min(0), seedText, seedWhole], 'a seed is a whole number from 0, a bigint, or decimal or 0x text, of 64 bits')
      .default(0)
      .transform((seed, context) => {
        const value = BigInt(seed);
        if (value < SEED_LIMIT) return `0x${value.toString(16)}`;
        context.addIssue({ code: 'custom', message: 'a seed has 64 bits', input: seed });
        return z.NEVER;
      })
      .describe('64 bits combined with every entry of the Gear table by exclusive or; 0 is the published table. No secret: it stands in specs and logs'),
  })
  .superRefine(({ min, avg, max }, context) => {
    if (min > avg) context.addIssue({ code: 'custom', path: ['min'], message: `min is greater than avg (${avg})`, input: min });
    if (avg > max) context.addIssue({ code: 'custom', path: ['avg'], message: `avg is greater than max (${max})`, input: avg });
  });

/** Options of `fastcdc` as an application writes them; what is left out has its default. */
export type FastCdcInput = z.input<typeof schema>;
/** Options of `fastcdc` as kernels get them: checked, with every default filled in. */
export type FastCdcOptions = z.output<typeof schema>;

export default schema;
