import { RegistryError } from '../errors/index.js';

/** A cache of digests by content. */
export interface HashCacheSettings {
  /** Default 10 000. */
  readonly maxEntries?: number;
  /** Bytes of content, digests and what entries weigh; default 64 MiB. */
  readonly maxBytes?: number;
  /** Age at which an entry counts no more; default 3600. */
  readonly ttlSeconds?: number;
  /** Larger content is hashed without a look into the cache; default 1 MiB. */
  readonly maxItemBytes?: number;
}

/** The same with everything filled in. */
export type HashCacheLimits = Required<HashCacheSettings>;

/** What a cache of digests has done so far. */
export interface HashCacheStatistics {
  readonly hits: number;
  readonly misses: number;
  /** Entries that made way, for room or for their age. */
  readonly evictions: number;
  readonly entries: number;
  readonly bytes: number;
  /** Hits of all that were asked for, 0 to 1. */
  readonly hitRate: number;
}

const DEFAULTS: HashCacheLimits = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024, ttlSeconds: 3600, maxItemBytes: 1024 * 1024 };

/** Checks settings and fills in defaults; `true` is all of them. Throws `invalid_input`. */
export function readHashCacheSettings(given: boolean | HashCacheSettings | undefined): HashCacheLimits | undefined {
  if (given === undefined || given === false) return undefined;
  const limits = { ...DEFAULTS, ...(given === true ? {} : given) };
  for (const name of ['maxEntries', 'maxBytes', 'maxItemBytes'] as const) {
    if (!Number.isSafeInteger(limits[name]) || limits[name] < 1) throw unusable(name, limits[name], 'a whole number from 1');
  }
  if (!(limits.ttlSeconds > 0 && limits.ttlSeconds <= Number.MAX_SAFE_INTEGER / 1000))
    throw unusable('ttlSeconds', limits.ttlSeconds, 'a number of seconds above 0');
  return limits;
}

function unusable(name: string, value: unknown, expected: string): RegistryError<'invalid_input'> {
  return new RegistryError('invalid_input', { name: `hashCache.${name}`, value: String(value).slice(0, 100), expected });
}
