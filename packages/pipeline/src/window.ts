import type { Slab } from './slabs.js';
import { copyInTurns } from './sources/memory.js';

/**
 * A piece of the input in a slab. Reading fills the body behind a free head; the tail that the window before left over is laid against the body's start, so that what is to be cut is
 * contiguous and reading need not know where it begins.
 */
export class Window {
  readonly #slab: Slab;
  readonly #head: number;
  #from: number;
  #to: number;
  #holds = 1;
  readonly #release: (slab: Slab) => void;
  /** Offset in the input of the first byte of `data`. */
  start = 0;
  isLast = false;
  /** Of a source of many inputs: where `body` may not be cut across. */
  parts: Uint32Array | undefined;

  constructor(slab: Slab, headBytes: number, release: (slab: Slab) => void) {
    this.#slab = slab;
    this.#head = headBytes;
    this.#from = headBytes;
    this.#to = headBytes;
    this.#release = release;
  }

  /** Where reading writes. */
  get room(): Uint8Array {
    return this.#slab.bytes.subarray(this.#head);
  }

  /** Says how much was read, and where in the input. */
  filled(bytes: number, offset: number, isLast: boolean): void {
    this.#to = this.#head + bytes;
    this.start = offset;
    this.isLast = isLast;
  }

  /** What was read into this window. */
  get body(): Uint8Array {
    return this.#slab.bytes.subarray(this.#head, this.#to);
  }

  /** The carried tail and the body. */
  get data(): Uint8Array {
    return this.#slab.bytes.subarray(this.#from, this.#to);
  }

  /** Lays `tail` before the body, a piece per turn of the event loop. */
  async carry(tail: Uint8Array): Promise<void> {
    this.#from = this.#head - tail.length;
    this.start -= tail.length;
    await copyInTurns(tail, this.#slab.bytes, this.#from);
  }

  /** One more user of the slab. */
  hold(): void {
    this.#holds += 1;
  }

  /** One user less; the last one gives the slab back, and all views of it are empty from then on. */
  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#release(this.#slab);
  }
}
