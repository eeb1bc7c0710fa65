import { LRUCache } from 'lru-cache';
import type { Batch, ByteSource, CallParameters, Capabilities, Hash, Hasher, KernelKind } from '../contracts/index.js';
import { readBatch } from '../bytes/batches.js';
import { copyOf, readableInput } from '../bytes/inputs.js';
import { Turn } from '../derive/awaitable.js';
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

/**
 * Digests of content that was hashed before. Entries are found by a cheap fingerprint and the length, and count only when the whole content is the same: a wrong digest cannot come out. What was
 * used longest ago goes first.
 */
export class HashCache {
  readonly #limits: HashCacheLimits;
  readonly #entries: LRUCache<string, Entry>;
  readonly #holding: Holding;
  #hits = 0;
  #misses = 0;
  #evictions = 0;

  constructor(limits: HashCacheLimits, memory: MemoryBudget) {
    this.#limits = limits;
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

  /** The digest of this very content, or undefined. */
  find(algorithm: string, data: Uint8Array): Uint8Array | undefined {
    const entry = this.#entries.get(keyOf(algorithm, data));
    if (entry !== undefined && equal(entry.content, data)) {
      this.#hits += 1;
      return copyOf(entry.digest);
    }
    this.#misses += 1;
    return undefined;
  }

  /** Remembers a digest. `content` becomes the cache's own. */
  keep(algorithm: string, content: Uint8Array, digest: Uint8Array): void {
    this.#entries.set(keyOf(algorithm, content), { content, digest: copyOf(digest) });
    this.#holding.set(this.#entries.calculatedSize);
  }

  /** Larger content is hashed without a look here: it would have to be copied and compared on the event loop. */
  takes(data: Uint8Array): boolean {
    return data.length <= this.#limits.maxItemBytes;
  }

  /** The hash with this cache before it. `algorithm` tells hashes apart: equal ones answer the same digest for the same content. */
  before(hash: Hash, algorithm: string): Hash {
    return new CachedHash(this, hash, algorithm);
  }

  /** Forgets all and leaves the budget. */
  end(): void {
    this.#entries.clear();
    this.#holding.end();
  }

  #shrink(bytes: number): void {
    const goal = this.#entries.calculatedSize - bytes;
    while (this.#entries.size > 0 && this.#entries.calculatedSize > goal) this.#entries.pop();
    this.#holding.set(this.#entries.calculatedSize);
  }
}

/** A hash that asks the cache first. Incremental hashing and streams pass it by: their content is never there as a whole. */
class CachedHash implements Hash {
  readonly kind = 'hash';
  readonly name: string;
  readonly spec: string;
  readonly options: unknown;
  readonly kernel: KernelKind;
  readonly digestLength: number;
  readonly #cache: HashCache;
  readonly #hash: Hash;
  readonly #algorithm: string;

  constructor(cache: HashCache, hash: Hash, algorithm: string) {
    this.name = hash.name;
    this.spec = hash.spec;
    this.options = hash.options;
    this.kernel = hash.kernel;
    this.digestLength = hash.digestLength;
    this.#cache = cache;
    this.#hash = hash;
    this.#algorithm = algorithm;
  }

  get capabilities(): Capabilities {
    return this.#hash.capabilities;
  }

  async hash(data: Uint8Array, parameters?: CallParameters): Promise<Uint8Array> {
    const input = readableInput('hash', data);
    if (!this.#cache.takes(input)) return this.#hash.hash(input, parameters);
    const known = this.#known(input, parameters);
    if (known !== undefined) return known;
    // The copy is hashed, not the caller's memory, which may change meanwhile: what is kept must have this digest.
    const content = copyOf(input);
    const digest = await this.#hash.hash(content, parameters);
    this.#cache.keep(this.#algorithm, content, digest);
    return digest;
  }

  hashSync(data: Uint8Array, parameters?: CallParameters): Uint8Array {
    const input = readableInput('hash', data);
    if (!this.#cache.takes(input)) return this.#hash.hashSync(input, parameters);
    const known = this.#known(input, parameters);
    if (known !== undefined) return known;
    const digest = this.#hash.hashSync(input, parameters);
    this.#cache.keep(this.#algorithm, copyOf(input), digest);
    return digest;
  }

  async hashMany(batch: Batch, parameters?: CallParameters): Promise<Uint8Array> {
    const items = readBatch('hash', batch);
    const output = new Uint8Array(items.count * this.digestLength);
    const turn = new Turn();
    const missed: number[] = [];
    const contents: Uint8Array[] = [];
    for (let index = 0; index < items.count; index++) {
      const data = items.at(index);
      const known = this.#cache.takes(data) ? this.#known(data, parameters) : undefined;
      if (known !== undefined) output.set(known, index * this.digestLength);
      else {
        missed.push(index);
        contents.push(this.#cache.takes(data) ? copyOf(data) : data);
      }
      await turn.over();
    }
    if (missed.length === 0) return output;
    const digests = await this.#hash.hashMany(contents, parameters);
    missed.forEach((index, i) => {
      const digest = digests.subarray(i * this.digestLength, (i + 1) * this.digestLength);
      output.set(digest, index * this.digestLength);
      const content = contents[i] as Uint8Array;
      if (this.#cache.takes(content)) this.#cache.keep(this.#algorithm, content, digest);
    });
    return output;
  }

  hashManySync(batch: Batch, parameters?: CallParameters): Uint8Array {
    return this.#hash.hashManySync(batch, parameters);
  }

  hashStream(source: ByteSource, parameters?: CallParameters): Promise<Uint8Array> {
    return this.#hash.hashStream(source, parameters);
  }

  create(parameters?: CallParameters): Hasher {
    return this.#hash.create(parameters);
  }

  #known(data: Uint8Array, parameters: CallParameters | undefined): Uint8Array | undefined {
    parameters?.signal?.throwIfAborted();
    return this.#cache.find(this.#algorithm, data);
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

const equal: (a: Uint8Array, b: Uint8Array) => boolean =
  typeof Buffer === 'function' ? (a, b) => Buffer.compare(a, b) === 0 : (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
