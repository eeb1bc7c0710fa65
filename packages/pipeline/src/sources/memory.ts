import type { WindowSource } from './source.js';

/** The most that one turn of the event loop copies: 1 MiB takes about a tenth of a millisecond. */
const COPY_BYTES = 1024 * 1024;

/** Gives the event loop a turn. */
export const nextTurn: () => Promise<void> =
  typeof setImmediate === 'function' ? () => new Promise((resolve) => setImmediate(resolve)) : () => new Promise((resolve) => setTimeout(resolve, 0));

/** Copies all of `bytes` to `target` at `at`, in turns. */
export async function copyInTurns(bytes: Uint8Array, target: Uint8Array, at: number): Promise<void> {
  for (let from = 0; from < bytes.length; from += COPY_BYTES) {
    if (from > 0) await nextTurn();
    target.set(bytes.subarray(from, from + COPY_BYTES), at + from);
  }
}

/**
 * Bytes in memory. They are copied window by window: a caller's buffer can be resized, transferred or written while other threads would read it.
 */
export class MemorySource implements WindowSource {
  readonly size: number;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  async fill(target: Uint8Array): Promise<number> {
    const piece = this.#bytes.subarray(this.#at, this.#at + target.length);
    await copyInTurns(piece, target, 0);
    this.#at += piece.length;
    return piece.length;
  }

  async close(): Promise<void> {}
}
