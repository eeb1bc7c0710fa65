import type { Hash } from '../contracts/index.js';
import type { MemoryBudget } from '../memory/budget.js';
import type { HashCache } from './hash-cache.js';
import type { HashCacheLimits, HashCacheStatistics } from './settings.js';

const NOTHING: HashCacheStatistics = Object.freeze({ hits: 0, misses: 0, evictions: 0, entries: 0, bytes: 0, hitRate: 0 });

/** The caches of one registry. What keeps them is loaded when the first is needed. */
export class Caches {
  readonly #limits: HashCacheLimits | undefined;
  readonly #memory: MemoryBudget;
  #cache: HashCache | undefined;
  #taken = 0;
  #ended = false;

  constructor(limits: HashCacheLimits | undefined, memory: MemoryBudget) {
    this.#limits = limits;
    this.#memory = memory;
  }

  /** Undefined where there is no cache of digests. */
  get hashStatistics(): HashCacheStatistics | undefined {
    return this.#limits === undefined ? undefined : (this.#cache?.statistics ?? NOTHING);
  }

  /**
   * The hash with the cache before it, where there is one. A keyed hash shares entries with nobody: its key is not in its spec. `isAlive` throws where the registry has ended: a digest that is known
   * is an answer like any other.
   */
  async before(hash: Hash, isKeyed: boolean, isAlive: () => void): Promise<Hash> {
    if (this.#limits === undefined) return hash;
    const [{ HashCache: Cache }, { CachedHash }] = await Promise.all([import('./hash-cache.js'), import('./cached-hash.js')]);
    if (this.#ended) return hash;
    this.#cache ??= new Cache(this.#limits, this.#memory);
    this.#taken += 1;
    return new CachedHash(this.#cache, hash, isKeyed ? `${hash.spec}#${this.#taken}` : hash.spec, isAlive);
  }

  end(): void {
    this.#ended = true;
    this.#cache?.end();
    this.#cache = undefined;
  }
}
