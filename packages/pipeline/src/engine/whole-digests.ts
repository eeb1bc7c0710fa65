import type { Hash, Hasher } from '@chunker/core';
import { stageError } from '../errors.js';
import { nextTurn } from '../sources/memory.js';
import { PRIORITY } from './priorities.js';

/** What a hash on the calling thread gets at a time: half a millisecond of SHA-256 at most. */
const TURN_BYTES = 512 * 1024;

/** Digests of a whole input, fed window by window in order. */
export class WholeDigests {
  /** Specs of the hashes. */
  readonly specs: readonly string[];
  readonly #states: { readonly hash: Hash; readonly hasher: Hasher }[];
  readonly #results: Uint8Array[] = [];
  #offset = 0;

  constructor(hashes: readonly Hash[], signal: AbortSignal | undefined) {
    this.specs = hashes.map(({ spec }) => spec);
    this.#states = hashes.map((hash) => ({ hash, hasher: hash.create({ priority: PRIORITY.digest, ...(signal === undefined ? {} : { signal }) }) }));
  }

  get isEmpty(): boolean {
    return this.#states.length === 0;
  }

  async update(data: Uint8Array): Promise<void> {
    await Promise.all(this.#states.map(({ hash, hasher }) => this.#feed(hash, hasher, data)));
    this.#offset += data.length;
  }

  /** One digest per hash, in their order. */
  async finish(): Promise<Uint8Array[]> {
    for (const { hash, hasher } of this.#states) {
      try {
        this.#results.push(await hasher.digest());
      } catch (error) {
        throw stageError('digest', this.#offset, error, hash.name);
      }
    }
    return this.#results;
  }

  dispose(): void {
    for (const { hasher } of this.#states.splice(0)) hasher.dispose();
  }

  async #feed(hash: Hash, hasher: Hasher, data: Uint8Array): Promise<void> {
    try {
      if (hash.capabilities.parallel) return await hasher.update(data);
      for (let from = 0; from < data.length; from += TURN_BYTES) {
        if (from > 0) await nextTurn();
        await hasher.update(data.subarray(from, from + TURN_BYTES));
      }
    } catch (error) {
      throw stageError('digest', this.#offset, error, hash.name);
    }
  }
}
