import type { ByteStream } from '../contracts/index.js';
import { CompressionError } from '../errors/index.js';

/** A stream that is made when somebody begins to read, and read once. */
export class LazyByteStream implements ByteStream {
  #open: (() => AsyncGenerator<Uint8Array>) | undefined;

  constructor(open: () => AsyncGenerator<Uint8Array>) {
    this.#open = open;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const open = this.#open;
    if (open === undefined) throw new CompressionError('already_finished', { operation: 'stream' }, { message: 'a stream is read once' });
    this.#open = undefined;
    return open();
  }

  toWeb(): ReadableStream<Uint8Array> {
    const iterator = this[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const result = await iterator.next();
          if (result.done === true) controller.close();
          else controller.enqueue(result.value);
        },
        async cancel() {
          await iterator.return(undefined);
        },
      },
      { highWaterMark: 0 },
    );
  }

  toNode(): import('node:stream').Readable {
    // Asked of the runtime instead of imported: bundlers for browsers never see it.
    const stream = globalThis.process?.getBuiltinModule?.('node:stream');
    if (stream === undefined) throw new CompressionError('unsupported_feature', { feature: 'Node streams in this runtime' });
    return stream.Readable.from(this, { objectMode: false });
  }
}
