import { ChunkerError } from '@chunker/core';
import { unlessAborted } from '@chunker/core/runtime';
import { copyInTurns } from './memory.js';
import type { WindowSource } from './source.js';

/** A source that gives nothing for so long is slow: what there is goes on. */
const PATIENCE_MS = 50;
/** Less is not worth the way of a window through the stages. */
const LEAST_BYTES = 64 * 1024;

/**
 * Anything iterable of bytes. A pull that is pending when the pipeline is aborted is left behind, not waited for: the iterator is told to return, and what it answers
 * then is dropped.
 */
export class IterableSource implements WindowSource {
  readonly #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #source: object;
  #rest: Uint8Array = new Uint8Array(0);
  /** A pull that a window went on without. */
  #pending: Promise<IteratorResult<Uint8Array>> | undefined;
  #done = false;

  constructor(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
    this.#source = source;
    this.#iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  get ended(): boolean {
    return this.#done && this.#rest.length === 0;
  }

  async fill(target: Uint8Array, signal: AbortSignal, eager = false): Promise<number> {
    const patience = eager ? new Patience() : undefined;
    let filled = 0;
    try {
      while (filled < target.length) {
        if (this.#rest.length === 0) {
          const pulled = await this.#pull(signal, filled >= LEAST_BYTES ? patience : undefined);
          if (pulled !== true) break;
        }
        const piece = this.#rest.subarray(0, target.length - filled);
        await copyInTurns(piece, target, filled);
        this.#rest = this.#rest.subarray(piece.length);
        filled += piece.length;
      }
      return filled;
    } finally {
      patience?.end();
    }
  }

  async close(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    // A Node stream is destroyed at once; a generator that is still waiting would answer `return` only after that.
    if ('destroy' in this.#source && typeof this.#source.destroy === 'function') this.#source.destroy();
    const returned = this.#iterator.return?.();
    if (returned instanceof Promise) void returned.catch(() => {});
  }

  /** False at the end, `later` where the patience is over before something comes. */
  async #pull(signal: AbortSignal, patience: Patience | undefined): Promise<boolean | 'later'> {
    const next = this.#pending ?? this.#iterator.next();
    this.#pending = next instanceof Promise ? next : undefined;
    const result = await unlessAborted(patience === undefined ? next : patience.with(next), signal);
    if (result === 'later') return result;
    this.#pending = undefined;
    const { done, value } = result;
    if (done === true) {
      this.#done = true;
      return false;
    }
    if (!(value instanceof Uint8Array)) {
      throw new ChunkerError('invalid_input', { name: 'source', value: `an item of type ${typeof value}`, expected: 'Uint8Array items' });
    }
    this.#rest = value;
    return true;
  }
}

/**
 * Waits for a source, but not longer than it is slow. One timer for all pulls of a window: a fast source has tens of thousands a second. It begins with the first wait and ends with the patience, so a source that gives nothing is
 * not looked at again and again.
 */
class Patience {
  #timer: ReturnType<typeof setInterval> | undefined;
  #waiting: ((answer: 'later') => void) | undefined;
  #seen: unknown;

  /** What `work` gives, or `later`. */
  with<T>(work: T | Promise<T>): T | Promise<T | 'later'> {
    if (!(work instanceof Promise)) return work;
    return new Promise<T | 'later'>((resolve, reject) => {
      this.#waiting = resolve;
      if (this.#timer === undefined) this.#begin();
      work.then(resolve, reject);
    });
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** The first look finds the first wait as old as patience is long. */
  #begin(): void {
    this.#seen = this.#waiting;
    this.#timer = setInterval(() => this.#look(), PATIENCE_MS);
  }

  /** The same wait as at the last look: nothing has come in between. */
  #look(): void {
    if (this.#waiting !== undefined && this.#waiting === this.#seen) this.#waiting('later');
    this.#seen = this.#waiting;
  }
}

/** A Web ReadableStream as an iterable whose `return` ends a pull that is pending: a generator around the reader would wait for it. */
export function webIterable(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const reader = stream.getReader();
      return {
        async next(): Promise<IteratorResult<Uint8Array>> {
          const { done, value } = await reader.read();
          return done ? { done, value: undefined } : { done, value };
        },
        async return(): Promise<IteratorResult<Uint8Array>> {
          await reader.cancel();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
