import type { AlgorithmKind, ByteSource } from '../contracts/index.js';
import { isBytes, kindOfValue } from './arrays.js';
import { badInput, readableInput } from './inputs.js';

/** Opens whatever gives bytes over time: an iterable, an async iterable, a Web stream; bytes by themselves are one piece. Throws `invalid_input`. */
export function openSource(kind: AlgorithmKind, source: ByteSource): AsyncIterator<Uint8Array> {
  if (isBytes(source)) return checked(kind, [source][Symbol.iterator]());
  if (source !== null && typeof source === 'object') {
    const streams = source as Partial<AsyncIterable<Uint8Array> & Iterable<Uint8Array> & ReadableStream<Uint8Array>>;
    if (typeof streams[Symbol.asyncIterator] === 'function') return checked(kind, (source as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]());
    if (typeof streams.getReader === 'function') return checked(kind, readWebStream(source as ReadableStream<Uint8Array>));
    if (typeof streams[Symbol.iterator] === 'function') return checked(kind, (source as Iterable<Uint8Array>)[Symbol.iterator]());
  }
  throw badInput(kind, 'source', kindOfValue(source), 'an iterable, async iterable or Web stream of Uint8Array');
}

/** Web streams are async iterable in Node, not in every browser. */
async function* readWebStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let done = false;
  try {
    for (;;) {
      const result = await reader.read();
      if (result.done) {
        done = true;
        return;
      }
      yield result.value;
    }
  } finally {
    if (!done) reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}

function checked(kind: AlgorithmKind, iterator: Iterator<Uint8Array> | AsyncIterator<Uint8Array>): AsyncIterator<Uint8Array> {
  return {
    async next() {
      const result = await iterator.next();
      if (result.done === true) return { done: true, value: undefined };
      return { done: false, value: readableInput(kind, result.value, 'a piece of the source') };
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}
