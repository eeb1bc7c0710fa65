import { ChunkerError } from '@chunker/core';

/** What a stream is made of: pulled one by one, or ended before its end. */
export interface Pulled<T> {
  next(): Promise<IteratorResult<T>>;
  /** Ends what runs, also a pull that is waiting, and resolves when everything is given back. */
  end(): Promise<void>;
}

/** A Web stream that asks for an item when it is read, and not ahead. */
export function webStreamOf<T>(pulled: Pulled<T>): ReadableStream<T> {
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await pulled.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => pulled.end(),
    },
    { highWaterMark: 0 },
  );
}

/** The same as a Node Readable; `objectMode` for what is no bytes. Throws `unsupported_feature` where there are none. */
export function nodeStreamOf<T>(pulled: Pulled<T>, objectMode: boolean): import('node:stream').Readable {
  // Asked of the runtime instead of imported: bundlers for browsers never see it.
  const stream = globalThis.process?.getBuiltinModule?.('node:stream');
  if (stream === undefined) throw new ChunkerError('unsupported_feature', { feature: 'Node streams in this runtime' });
  const readable = new stream.Readable({
    objectMode,
    highWaterMark: objectMode ? 1 : 64 * 1024,
    read() {
      pulled.next().then(
        ({ done, value }) => readable.push(done === true ? null : value),
        (error: unknown) => readable.destroy(error as Error),
      );
    },
    destroy(error, done) {
      pulled.end().then(
        () => done(error),
        () => done(error),
      );
    },
  });
  return readable;
}
