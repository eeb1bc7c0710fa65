import { LRUCache } from 'lru-cache';
import { copyOf } from '../bytes/inputs.js';
import type { Holding, MemoryBudget } from '../memory/budget.js';
import type { HashCacheLimits, HashCacheStatistics } from './settings.js';

interface Entry {
  readonly content: Uint8Array;
  readonly digest: Uint8Array;
}

/** What an entry weighs beside content and digest: its key, two array headers, its place in the list. Measured, and rounded up. */
const ENTRY_BYTES = 768;
/** Content up to this is found by its bytes, longer content by samples of them. */
const SAMPLES = 64;
/** So many times in the life of an entry all are looked through for those that are too old: nobody may ever ask for them again. */
const SWEEPS = 8;

/**
 * Digests of content that was hashed before. Entries are found by a cheap fingerprint and the length, and count only when the whole content is the same: a wrong digest cannot come out. What was
 * used longest ago goes first.
 */
export class HashCache {
  readonly #limits: HashCacheLimits;
  readonly #entries: LRUCache<string, Entry>;
  readonly #holding: Holding;
  readonly #sweepAfter: number;
  #swept = performance.now();
  #ended = false;
  #told = 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;

  constructor(limits: HashCacheLimits, memory: MemoryBudget) {
    this.#limits = limits;
    this.#sweepAfter = Math.max((limits.ttlSeconds * 1000) / SWEEPS, 1);
    this.#entries = new LRUCache<string, Entry>({
      max: limits.maxEntries,
      maxSize: limits.maxBytes,
      sizeCalculation: ({ content, digest }) => content.length + digest.length + ENTRY_BYTES,
      ttl: limits.ttlSeconds * 1000,
      // Every look at the clock, not one a millisecond: an entry that is too old is no hit.
      ttlResolution: 0,
      dispose: (_entry, _key, reason) => {
        if (reason === 'evict' || reason === 'expire') this.#evictions += 1;
      },
    });
    this.#holding = memory.hold({ shrink: (bytes) => this.#shrink(bytes) });
  }

  get statistics(): HashCacheStatistics {
    const asked = this.#hits + this.#misses;
    return {
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
      entries: this.#entries.size,
      bytes: this.#entries.calculatedSize,
      hitRate: asked === 0 ? 0 : this.#hits / asked,
    };
  }

  /** What entries of this content go by. */
  keyOf(algorithm: string, data: Uint8Array): string {
    return keyOf(algorithm, data);
  }

  /** The digest of this very content, or undefined. It is the cache's own: to be copied, not handed on. */
  find(key: string, data: Uint8Array): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && isSame(entry.content, data)) {
      this.#hits += 1;
      return entry.digest;
    }
    // It may have been found too old.
    this.#tell();
    this.#misses += 1;
    return undefined;
  }

  /** Counts content whose digest is being made for the same batch. */
  foundAgain(): void {
    this.#hits += 1;
  }

  /** Remembers a digest, a copy of it. `content` becomes the cache's own. */
  keep(key: string, content: Uint8Array, digest: Uint8Array): void {
    // What began before the end comes after it.
    if (this.#ended) return;
    const now = performance.now();
    if (now - this.#swept >= this.#sweepAfter) {
      this.#swept = now;
      this.#entries.purgeStale();
    }
    this.#entries.set(key, { content, digest: copyOf(digest) });
    this.#tell();
  }

  /** Larger content is hashed without a look here: it would have to be copied and compared on the event loop. */
  takes(data: Uint8Array): boolean {
    return data.length <= this.#limits.maxItemBytes;
  }

  /** Forgets all and leaves the budget. */
  end(): void {
    this.#ended = true;
    this.#entries.clear();
    this.#holding.end();
  }

  #tell(): void {
    const bytes = this.#entries.calculatedSize;
    if (bytes === this.#told) return;
    this.#told = bytes;
    this.#holding.set(bytes);
  }

  #shrink(bytes: number): void {
    const goal = this.#entries.calculatedSize - bytes;
    while (this.#entries.size > 0 && this.#entries.calculatedSize > goal) this.#entries.pop();
    this.#tell();
  }
}

/** Algorithm, length, and 52 bits of an FNV-like mix of the content or of samples all over it. */
function keyOf(algorithm: string, data: Uint8Array): string {
  const step = Math.max(1, data.length / SAMPLES);
  let low = 0x811c9dc5;
  let high = data.length | 0;
  for (let at = 0; at < data.length; at += step) {
    const byte = data[Math.floor(at)] as number;
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ (low >>> 15) ^ byte, 0x85ebca6b);
  }
  if (data.length > 0) low = Math.imul(low ^ (data[data.length - 1] as number), 0x01000193);
  return `${algorithm}/${data.length}/${((high >>> 12) * 0x1_0000_0000 + (low >>> 0)).toString(36)}`;
}

/** Whether two pieces of content are the same, byte by byte. */
export const isSame: (a: Uint8Array, b: Uint8Array) => boolean =
  typeof Buffer === 'function' ? (a, b) => Buffer.compare(a, b) === 0 : (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
