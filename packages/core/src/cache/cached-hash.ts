import type { Batch, ByteSource, CallParameters, Capabilities, Hash, Hasher, KernelKind } from '../contracts/index.js';
import { groups, type Items, readBatch } from '../bytes/batches.js';
import { copyOf, readableInput } from '../bytes/inputs.js';
import { Turn } from '../derive/awaitable.js';
import { WINDOW_BYTES } from '../derive/hasher.js';
import { checkParameters } from '../derive/operation.js';
import { eachOnce } from '../derive/repeats.js';
import { type HashCache, isSame } from './hash-cache.js';

/** What of a batch is looked at in one go: the event loop waits that long, and copies take no more memory. */
const ROUND_BYTES = 2 * WINDOW_BYTES;
const ROUND_ITEMS = 4096;

/** What is left to hash of one round. */
interface Round {
  /** Copies, where they are for the cache. */
  readonly contents: Uint8Array[];
  /** By place in `contents`; a hole where the cache does not take it. */
  readonly keys: (string | undefined)[];
  /** Item of the batch, and its place in `contents`. */
  readonly places: (readonly [number, number])[];
}

/** A hash that asks the cache first. Incremental hashing and streams pass it by: their content is never there as a whole. */
export class CachedHash implements Hash {
  readonly kind = 'hash';
  readonly name: string;
  readonly spec: string;
  readonly options: unknown;
  readonly kernel: KernelKind;
  readonly digestLength: number;
  readonly #cache: HashCache;
  readonly #hash: Hash;
  readonly #algorithm: string;
  readonly #isAlive: () => void;

  /** `algorithm` tells hashes apart: equal ones answer the same digest for the same content. `isAlive` throws where the registry has ended. */
  constructor(cache: HashCache, hash: Hash, algorithm: string, isAlive: () => void) {
    this.name = hash.name;
    this.spec = hash.spec;
    this.options = hash.options;
    this.kernel = hash.kernel;
    this.digestLength = hash.digestLength;
    this.#cache = cache;
    this.#hash = hash;
    this.#algorithm = algorithm;
    this.#isAlive = isAlive;
  }

  get capabilities(): Capabilities {
    return this.#hash.capabilities;
  }

  async hash(data: Uint8Array, parameters?: CallParameters): Promise<Uint8Array> {
    const input = readableInput('hash', data);
    if (!this.#cache.takes(input)) return this.#hash.hash(input, parameters);
    this.#check(parameters);
    const key = this.#cache.keyOf(this.#algorithm, input);
    const known = this.#cache.find(key, input);
    if (known !== undefined) return copyOf(known);
    // The copy is hashed, not the caller's memory, which may change meanwhile: what is kept must have this digest.
    const content = copyOf(input);
    const digest = await this.#hash.hash(content, parameters);
    this.#cache.keep(key, content, digest);
    return digest;
  }

  hashSync(data: Uint8Array, parameters?: CallParameters): Uint8Array {
    const input = readableInput('hash', data);
    if (!this.#cache.takes(input)) return this.#hash.hashSync(input, parameters);
    this.#check(parameters);
    const key = this.#cache.keyOf(this.#algorithm, input);
    const known = this.#cache.find(key, input);
    if (known !== undefined) return copyOf(known);
    const content = copyOf(input);
    const digest = this.#hash.hashSync(content, parameters);
    this.#cache.keep(key, content, digest);
    return digest;
  }

  async hashMany(batch: Batch, parameters?: CallParameters): Promise<Uint8Array> {
    // Slices of the same memory count once, whatever their size and wherever in the batch they stand.
    const { distinct: items, answer } = eachOnce(readBatch('hash', batch), this.digestLength);
    const digests = new Uint8Array(items.count * this.digestLength);
    const turn = new Turn();
    for (const [from, to] of groups(items, ROUND_BYTES, ROUND_ITEMS)) {
      const round = this.#look(items, from, to, digests, parameters);
      if (round.contents.length > 0) this.#settle(round, await this.#hash.hashMany(round.contents, parameters), digests);
      await turn.over();
    }
    return answer(digests);
  }

  hashManySync(batch: Batch, parameters?: CallParameters): Uint8Array {
    // Slices of the same memory count once, whatever their size and wherever in the batch they stand.
    const { distinct: items, answer } = eachOnce(readBatch('hash', batch), this.digestLength);
    const digests = new Uint8Array(items.count * this.digestLength);
    for (const [from, to] of groups(items, ROUND_BYTES, ROUND_ITEMS)) {
      const round = this.#look(items, from, to, digests, parameters);
      if (round.contents.length > 0) this.#settle(round, this.#hash.hashManySync(round.contents, parameters), digests);
    }
    return answer(digests);
  }

  hashStream(source: ByteSource, parameters?: CallParameters): Promise<Uint8Array> {
    return this.#hash.hashStream(source, parameters);
  }

  create(parameters?: CallParameters): Hasher {
    return this.#hash.create(parameters);
  }

  /** Of a hit too: a registry that has ended answers nothing, a signal that was aborted before the call ends it. */
  #check(parameters: CallParameters | undefined): void {
    this.#isAlive();
    if (parameters !== undefined) checkParameters('hash', parameters);
  }

  /** Fills in digests that are known and says what is left to do: each content once, also where nobody has hashed it before. */
  #look(items: Items, from: number, to: number, digests: Uint8Array, parameters: CallParameters | undefined): Round {
    this.#check(parameters);
    const round: Round = { contents: [], keys: [], places: [] };
    const asked = new Map<string, number>();
    for (let index = from; index < to; index++) {
      const data = items.at(index);
      if (!this.#cache.takes(data)) {
        round.places.push([index, round.contents.push(data) - 1]);
        continue;
      }
      const key = this.#cache.keyOf(this.#algorithm, data);
      const same = asked.get(key);
      if (same !== undefined && isSame(round.contents[same] as Uint8Array, data)) {
        this.#cache.foundAgain();
        round.places.push([index, same]);
        continue;
      }
      const known = this.#cache.find(key, data);
      if (known !== undefined) {
        digests.set(known, index * this.digestLength);
        continue;
      }
      const place = round.contents.push(copyOf(data)) - 1;
      round.keys[place] = key;
      asked.set(key, place);
      round.places.push([index, place]);
    }
    return round;
  }

  #settle({ contents, keys, places }: Round, made: Uint8Array, digests: Uint8Array): void {
    const digest = (place: number) => made.subarray(place * this.digestLength, (place + 1) * this.digestLength);
    for (const [index, place] of places) digests.set(digest(place), index * this.digestLength);
    // Not `forEach`: places of content that the cache does not take are holes.
    for (let place = 0; place < contents.length; place++) {
      const key = keys[place];
      if (key !== undefined) this.#cache.keep(key, contents[place] as Uint8Array, digest(place));
    }
  }
}
