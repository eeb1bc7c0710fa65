import { ChunkerError } from '@chunker/core';
import { copyInTurns } from './memory.js';
import type { WindowSource } from './source.js';

/**
 * Anything iterable of bytes. A pull that is pending when the pipeline is aborted is left behind, not waited for: the iterator is told to return, and what it answers
 * then is dropped.
 */
export class IterableSource implements WindowSource {
  readonly #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #source: object;
  #rest: Uint8Array = new Uint8Array(0);
  #done = false;

  constructor(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
    this.#source = source;
    this.#iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  async fill(target: Uint8Array, signal: AbortSignal): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      if (this.#rest.length === 0 && !(await this.#pull(signal))) break;
      const piece = this.#rest.subarray(0, target.length - filled);
      await copyInTurns(piece, target, filled);
      this.#rest = this.#rest.subarray(piece.length);
      filled += piece.length;
    }
    return filled;
  }

  async close(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    // A Node stream is destroyed at once; a generator that is still waiting would answer `return` only after that.
    if ('destroy' in this.#source && typeof this.#source.destroy === 'function') this.#source.destroy();
    const returned = this.#iterator.return?.();
    if (returned instanceof Promise) void returned.catch(() => {});
  }

  async #pull(signal: AbortSignal): Promise<boolean> {
    const { done, value } = await unlessAborted(this.#iterator.next(), signal);
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

function unlessAborted<T>(work: T | Promise<T>, signal: AbortSignal): T | Promise<T> {
  if (!(work instanceof Promise)) return work;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
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
