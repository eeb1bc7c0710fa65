import { type HashCacheLimits, type HashCacheSettings, readHashCacheSettings } from '../cache/settings.js';
import type { AlgorithmKind } from '../contracts/index.js';
import { RegistryError } from '../errors/index.js';
import { type KernelChoice, readChoice } from '../kernels/choice.js';
import type { MemorySettings } from '../memory/settings.js';

/**
 * What counts as small work, which runs on the calling thread even where a kernel could leave it. All must hold: the estimated cost, the bytes of the call, and, of a batch, the number of items
 * over `itemBytes`.
 */
export interface SmallWork {
  /** Default 0.2. */
  readonly milliseconds: number;
  /** Default 64 KiB. */
  readonly totalBytes: number;
  /** Items of a batch over `itemBytes` that are still small work: default 4. */
  readonly items: number;
  /** Default 4 KiB. */
  readonly itemBytes: number;
}

/** Compares the results of the kernel in use with those of a trusted one. */
export interface Verification {
  readonly kind: import('../contracts/index.js').KernelKind;
  /** Every how many operations: 1 (the default) is each. */
  readonly every?: number;
}

/** What a registry may be told. */
export interface RegistrySettings {
  /** Which kernels may serve; before `CHUNKER_KERNEL`, after the choice of a taking. */
  readonly kernel?: KernelChoice;
  /** Results are compared with those of this kernel; a difference is an error event, and the trusted result is returned. */
  readonly verify?: Verification;
  readonly smallWork?: Partial<SmallWork>;
  /** Bytes of input in flight away from the calling thread; further calls wait. Default 256 MiB. */
  readonly maxBytesInFlight?: number;
  /** Bytes that a derived stream may hold back; over it `buffer_limit_exceeded`. Default `CHUNKER_ASYNC_BUFFER_LIMIT_BYTES`, else 256 MiB. */
  readonly bufferLimitBytes?: number;
  /** The executor's queue of this registry: kernels with native code are handed it with every call. */
  readonly queue?: number;
  /** A cache of digests by content before every hash of this registry: `true`, or its limits. Default: none. A fork has a cache of its own. */
  readonly hashCache?: boolean | HashCacheSettings;
  /** Limits of memory. A fork shares its parent's budget unless it names limits of its own. */
  readonly memory?: MemorySettings;
}

/** Settings with every default filled in. */
export interface Settings {
  readonly kernel?: KernelChoice;
  readonly verify?: Verification;
  readonly smallWork: SmallWork;
  readonly maxBytesInFlight: number;
  readonly bufferLimitBytes: number;
  readonly queue?: number;
  readonly hashCache?: HashCacheLimits;
}

const MIB = 1024 * 1024;
const SMALL: SmallWork = { milliseconds: 0.2, totalBytes: 65_536, items: 4, itemBytes: 4096 };

/** Checks settings and fills in defaults, `base` first: a fork inherits what it does not name. Throws `invalid_input`. */
export function readSettings(given: RegistrySettings = {}, base?: Settings): Settings {
  if (!isObject(given)) throw unusable('settings', given, 'an object');
  for (const name of ['smallWork', 'verify', 'memory'] as const) {
    if (given[name] !== undefined && !isObject(given[name])) throw unusable(name, given[name], 'an object');
  }
  if (given.hashCache !== undefined && typeof given.hashCache !== 'boolean' && !isObject(given.hashCache))
    throw unusable('hashCache', given.hashCache, 'true, false or its limits');
  const kernel = given.kernel ?? base?.kernel;
  if (kernel !== undefined) readChoice(kernel, 'kernel');
  const verify = given.verify ?? base?.verify;
  if (verify !== undefined) {
    readChoice(verify.kind, 'verify.kind');
    atLeast(1, 'verify.every', verify.every ?? 1);
  }
  const smallWork = { ...(base?.smallWork ?? SMALL), ...given.smallWork };
  for (const [name, value] of Object.entries(smallWork)) {
    if (typeof value !== 'number' || !(value >= 0)) throw unusable(`smallWork.${name}`, value, 'a number from 0');
  }
  const queue = given.queue ?? base?.queue;
  const hashCache = given.hashCache === undefined ? base?.hashCache : readHashCacheSettings(given.hashCache);
  if (base === undefined) checkEnvironment();
  return Object.freeze({
    smallWork,
    maxBytesInFlight: atLeast(1, 'maxBytesInFlight', given.maxBytesInFlight ?? base?.maxBytesInFlight ?? 256 * MIB),
    bufferLimitBytes: atLeast(1, 'bufferLimitBytes', given.bufferLimitBytes ?? base?.bufferLimitBytes ?? environmentLimit() ?? 256 * MIB),
    ...(kernel === undefined ? {} : { kernel }),
    ...(verify === undefined ? {} : { verify }),
    ...(queue === undefined ? {} : { queue }),
    ...(hashCache === undefined ? {} : { hashCache }),
  });
}

function environmentLimit(): number | undefined {
  const text = globalThis.process?.env?.CHUNKER_ASYNC_BUFFER_LIMIT_BYTES;
  if (text === undefined || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw unusable('CHUNKER_ASYNC_BUFFER_LIMIT_BYTES', text, 'a whole number of bytes');
  return atLeast(1, 'CHUNKER_ASYNC_BUFFER_LIMIT_BYTES', Number(text));
}

/** Native code reads these where its threads start, and can only ignore what it does not understand. */
function checkEnvironment(): void {
  const environment = globalThis.process?.env;
  for (const [name, least, most] of [
    ['CHUNKER_THREADS', 1, Number.MAX_SAFE_INTEGER],
    ['CHUNKER_NICE', 0, 19],
  ] as const) {
    const text = environment?.[name]?.trim() ?? '';
    const fits = /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most;
    if (text !== '' && !fits) throw unusable(name, text, `a whole number from ${least}${most === 19 ? ' to 19' : ''}`);
  }
}

function isObject(value: unknown): boolean {
  return value !== null && typeof value === 'object';
}

function atLeast(least: number, name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < least) throw unusable(name, value, `a whole number from ${least}`);
  return value;
}

function unusable(name: string, value: unknown, expected: string): RegistryError<'invalid_input'> {
  return new RegistryError('invalid_input', { name, value: String(value).slice(0, 100), expected });
}

/** The kinds in the order in which they are listed. */
export const KINDS: readonly AlgorithmKind[] = ['codec', 'hash', 'chunker'];
