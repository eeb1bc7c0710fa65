import type { CommonOptions } from './context.js';
import { usageError } from './failure.js';
import { parseCount, parseSize } from './sizes.js';

/** The kernels that can be forced. */
export const KERNELS = ['auto', 'accelerator', 'native', 'platform', 'wasm', 'js'];

const MOST_BYTES = 0x7fff_ffff;

const words = (...known: readonly string[]) => ({ expected: known.join(', '), fits: (text: string) => known.includes(text) });
const whole = (least: number, most: number) => ({
  expected: most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least}` : `a whole number from ${least} to ${most}`,
  fits: (text: string) => /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most,
});

const size = { expected: 'a size from 1 byte, such as 536870912 or 512MiB', fits: isSize };

function isSize(text: string): boolean {
  try {
    return parseSize(text) >= 1;
  } catch {
    return false;
  }
}

/** Every variable that Chunker reads, and what it may say. Elsewhere some of them are read by native code, which would only ignore what it does not understand. */
const VARIABLES: Readonly<Record<string, { readonly expected: string; fits(text: string): boolean }>> = {
  CHUNKER_THREADS: whole(1, Number.MAX_SAFE_INTEGER),
  CHUNKER_NICE: whole(0, 19),
  CHUNKER_CPU: words('scalar', 'avx2'),
  CHUNKER_KERNEL: {
    expected: `${KERNELS.join(', ')}, or several with commas`,
    fits: (text) => text.split(',').every((kind) => KERNELS.includes(kind.trim())),
  },
  CHUNKER_ASYNC_BUFFER_LIMIT_BYTES: whole(1, Number.MAX_SAFE_INTEGER),
  CHUNKER_MEMORY_SOFT_LIMIT: size,
  CHUNKER_MEMORY_HARD_LIMIT: size,
  CHUNKER_MAX_BUFFER_SIZE: size,
  CHUNKER_READ_SLICE_CAP_BYTES: whole(4096, MOST_BYTES),
  CHUNKER_READAHEAD_BYTES: whole(0, MOST_BYTES),
};

/** The rest of Chunker reads these where it starts; a flag of this command beats what was set outside. Throws `invalid_usage`, naming variable and value, for what cannot be understood. */
export function applyToEnvironment(options: CommonOptions, environment: NodeJS.ProcessEnv = process.env): void {
  if (options.threads !== undefined) environment.CHUNKER_THREADS = String(parseCount(options.threads, '--threads', 1, 1024));
  if (options.kernel !== undefined) environment.CHUNKER_KERNEL = options.kernel;
  for (const [name, { expected, fits }] of Object.entries(VARIABLES)) {
    const text = environment[name]?.trim() ?? '';
    if (text !== '' && !fits(text)) throw usageError(`${name} is '${text.slice(0, 100)}'; it can be ${expected}`);
  }
}
