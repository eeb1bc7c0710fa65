import { RegistryError } from '../errors/index.js';
import { parseSize } from '../specs/sizes.js';

/** What a registry may be told about memory. What is left out comes from the environment, else there is no limit. */
export interface MemorySettings {
  /** Above it, caches are emptied and spare buffers let go of. Default `CHUNKER_MEMORY_SOFT_LIMIT`, else the hard limit. */
  readonly softLimitBytes?: number;
  /** Work that would need more waits for other work to end, or is answered by `memory_limit_exceeded`. Default `CHUNKER_MEMORY_HARD_LIMIT`. */
  readonly hardLimitBytes?: number;
  /** The largest single buffer; more is `memory_limit_exceeded`. Default `CHUNKER_MAX_BUFFER_SIZE`. */
  readonly maxBufferBytes?: number;
}

/** The limits with everything filled in; infinite where there is none. */
export interface MemoryLimits {
  readonly soft: number;
  readonly hard: number;
  readonly buffer: number;
}

/** Checks settings and fills in what the environment says. Throws `invalid_input` that names the setting or the variable. */
export function readMemorySettings(given: MemorySettings = {}): MemoryLimits {
  const hard = limit('memory.hardLimitBytes', given.hardLimitBytes, 'CHUNKER_MEMORY_HARD_LIMIT');
  const soft = limit('memory.softLimitBytes', given.softLimitBytes, 'CHUNKER_MEMORY_SOFT_LIMIT');
  const buffer = limit('memory.maxBufferBytes', given.maxBufferBytes, 'CHUNKER_MAX_BUFFER_SIZE');
  if (soft !== undefined && hard !== undefined && soft.bytes > hard.bytes)
    throw unusable(soft.name, soft.bytes, `at most the hard limit of ${hard.bytes} bytes`);
  return Object.freeze({
    hard: hard?.bytes ?? Number.POSITIVE_INFINITY,
    soft: soft?.bytes ?? hard?.bytes ?? Number.POSITIVE_INFINITY,
    buffer: buffer?.bytes ?? Number.POSITIVE_INFINITY,
  });
}

function limit(name: string, given: number | undefined, variable: string): { readonly name: string; readonly bytes: number } | undefined {
  if (given !== undefined) {
    if (!Number.isSafeInteger(given) || given < 1) throw unusable(name, given, 'a whole number of bytes from 1');
    return { name, bytes: given };
  }
  const text = globalThis.process?.env?.[variable]?.trim() ?? '';
  if (text === '') return undefined;
  const bytes = /^\d+$/.test(text) ? Number(text) : parseSize(text);
  if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes < 1)
    throw unusable(variable, text, 'a whole number of bytes from 1, or a size such as 512MiB');
  return { name: variable, bytes };
}

function unusable(name: string, value: unknown, expected: string): RegistryError<'invalid_input'> {
  return new RegistryError('invalid_input', { name, value: String(value).slice(0, 100), expected });
}
