// An archive as pieces in order, whatever it is read from. Where its bytes lie at hand, those that nobody wants are passed over.
import { NarError } from '@chunker/core';
import { ioKernel, type OpenFile, openFile, type PathLike, type WindowSource } from '@chunker/io';

/**
 * Where an archive comes from: its bytes, a file by its path, anything iterable of bytes (Node Readable, Web ReadableStream, generator), or a source of windows.
 */
export type NarSource =
  | string
  | Uint8Array
  | { readonly file: PathLike }
  | Iterable<Uint8Array>
  | AsyncIterable<Uint8Array>
  | ReadableStream<Uint8Array>
  | WindowSource;

/** Pieces in order. */
export interface Pieces {
  /** The next piece, of at least one byte, valid until the next call; undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Passes over some of the next `bytes` bytes without reading them; answers how many. */
  skip(bytes: number): number;
  close(): Promise<void>;
}

/** Of bytes in memory so many are looked at in one turn of the event loop. */
const TURN_BYTES = 4 * 1024 * 1024;
const LEAST_WINDOW_BYTES = 64 * 1024;
const MOST_WINDOW_BYTES = 1024 * 1024;

/** The source is the pieces' from then on: their `close` ends it. @throws IoError when a file cannot be opened, NarError `invalid_input` for what is no source */
export async function openPieces(source: NarSource, signal?: AbortSignal): Promise<Pieces> {
  if (typeof source === 'string') return FilePieces.open(source, signal);
  if (source instanceof Uint8Array) return new BytesPieces(source, signal);
  if (typeof source === 'object' && source !== null) {
    if ('file' in source) return FilePieces.open(source.file, signal);
    if (isWindows(source)) return WindowPieces.open(source, signal);
    if (Symbol.asyncIterator in source || Symbol.iterator in source) return new IterablePieces(source as AsyncIterable<Uint8Array>, signal);
    if ('getReader' in source) return new IterablePieces(webIterable(source), signal);
  }
  throw new NarError('invalid_input', {
    name: 'source',
    value: source === null ? 'null' : typeof source,
    expected: 'bytes, a path, or an iterable or stream of bytes',
  });
}

/** Arrays have a `fill` as well. */
export function isWindows(source: object): source is WindowSource {
  return 'fill' in source && 'close' in source;
}

class BytesPieces implements Pieces {
  #at = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly signal: AbortSignal | undefined,
  ) {}

  async next(): Promise<Uint8Array | undefined> {
    if (this.#at > 0) await new Promise((resolve) => setImmediate(resolve));
    this.signal?.throwIfAborted();
    const piece = this.bytes.subarray(this.#at, this.#at + TURN_BYTES);
    this.#at += piece.length;
    return piece.length > 0 ? piece : undefined;
  }

  skip(bytes: number): number {
    const passed = Math.min(bytes, this.bytes.length - this.#at);
    this.#at += passed;
    return passed;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Window {
  readonly position: number;
  readonly slab: ReturnType<Awaited<ReturnType<typeof ioKernel>>['slabs']['take']>;
  readonly reading: Promise<number>;
}

/** A file: one window is looked at while the next is read. After a leap windows are small again, for another may follow. */
class FilePieces implements Pieces {
  readonly #discarded = new Set<Promise<void>>();
  #position = 0;
  #bytes = LEAST_WINDOW_BYTES;
  #shown: Window | undefined;
  #ahead: Window | undefined;

  private constructor(
    readonly file: OpenFile,
    readonly take: Awaited<ReturnType<typeof ioKernel>>['slabs']['take'],
    readonly signal: AbortSignal | undefined,
  ) {}

  static async open(path: PathLike, signal: AbortSignal | undefined): Promise<FilePieces> {
    const { slabs } = await ioKernel();
    return new FilePieces(await openFile(path, { signal }), (bytes) => slabs.take(bytes), signal);
  }

  async next(): Promise<Uint8Array | undefined> {
    this.#shown?.slab.end();
    this.signal?.throwIfAborted();
    const window = this.#ahead ?? this.#read();
    this.#ahead = undefined;
    this.#shown = window;
    const bytes = await window.reading;
    this.#position = window.position + bytes;
    if (bytes < window.slab.bytes.length) await this.file.checkUnchanged();
    else {
      this.#bytes = Math.min(this.#bytes * 2, MOST_WINDOW_BYTES);
      if (bytes === MOST_WINDOW_BYTES) this.#ahead = this.#read();
    }
    return bytes > 0 ? window.slab.bytes.subarray(0, bytes) : undefined;
  }

  skip(bytes: number): number {
    const passed = Math.max(0, Math.min(bytes, this.file.facts.size - this.#position));
    if (passed === 0) return 0;
    if (this.#ahead !== undefined) this.#discard(this.#ahead);
    this.#ahead = undefined;
    this.#position += passed;
    this.#bytes = LEAST_WINDOW_BYTES;
    return passed;
  }

  async close(): Promise<void> {
    if (this.#ahead !== undefined) this.#discard(this.#ahead);
    if (this.#shown !== undefined) this.#discard(this.#shown);
    this.#ahead = undefined;
    this.#shown = undefined;
    await Promise.all(this.#discarded);
    await this.file.close();
  }

  #read(): Window {
    const slab = this.take(this.#bytes);
    const reading = this.file.read(this.#position, slab.bytes, { signal: this.signal });
    // Whoever awaits it gets the failure; until then it must not count as unhandled.
    reading.catch(() => {});
    return { position: this.#position, slab, reading };
  }

  /** Nothing may be read into a slab that is gone. */
  #discard({ slab, reading }: Window): void {
    const done = reading.then(
      () => slab.end(),
      () => slab.end(),
    );
    this.#discarded.add(done);
    done.finally(() => this.#discarded.delete(done));
  }
}

/** A source of windows: one is looked at while the next is filled. */
class WindowPieces implements Pieces {
  #shown: Window | undefined;
  #ahead: Window | undefined;
  #ended = false;

  private constructor(
    readonly source: WindowSource,
    readonly take: Awaited<ReturnType<typeof ioKernel>>['slabs']['take'],
    readonly signal: AbortSignal | undefined,
  ) {}

  static async open(source: WindowSource, signal: AbortSignal | undefined): Promise<WindowPieces> {
    const { slabs } = await ioKernel();
    return new WindowPieces(source, (bytes) => slabs.take(bytes), signal);
  }

  async next(): Promise<Uint8Array | undefined> {
    this.#shown?.slab.end();
    this.#shown = undefined;
    if (this.#ended) return undefined;
    this.signal?.throwIfAborted();
    const window = this.#ahead ?? this.#fill();
    this.#ahead = undefined;
    this.#shown = window;
    const bytes = await window.reading;
    this.#ended = bytes < MOST_WINDOW_BYTES;
    if (!this.#ended) this.#ahead = this.#fill();
    return bytes > 0 ? window.slab.bytes.subarray(0, bytes) : undefined;
  }

  skip(): number {
    return 0;
  }

  async close(): Promise<void> {
    await this.source.close();
    for (const window of [this.#shown, this.#ahead]) {
      await window?.reading.catch(() => {});
      window?.slab.end();
    }
  }

  #fill(): Window {
    const slab = this.take(MOST_WINDOW_BYTES);
    const reading = (this.source.fill as (window: Uint8Array, signal?: AbortSignal) => Promise<number>)(slab.bytes, this.signal);
    reading.catch(() => {});
    return { position: 0, slab, reading };
  }
}

/** Anything iterable. A pull that is pending at an abort is left behind, not waited for. */
class IterablePieces implements Pieces {
  readonly #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #ended = false;

  constructor(
    readonly source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    readonly signal: AbortSignal | undefined,
  ) {
    this.#iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      this.signal?.throwIfAborted();
      const pulled = this.#iterator.next();
      const { done, value } = await (this.signal === undefined || !(pulled instanceof Promise) ? pulled : unlessAborted(pulled, this.signal));
      if (done === true) {
        this.#ended = true;
        return undefined;
      }
      if (!(value instanceof Uint8Array)) {
        throw new NarError('invalid_input', { name: 'source', value: `an item of type ${typeof value}`, expected: 'Uint8Array items' });
      }
      if (value.length > 0) return value;
    }
  }

  skip(): number {
    return 0;
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    // A Node stream is destroyed at once; a generator that is still waiting would answer `return` only after that.
    if ('destroy' in this.source && typeof this.source.destroy === 'function') this.source.destroy();
    const returned = this.#iterator.return?.();
    if (returned instanceof Promise) void returned.catch(() => {});
  }
}

/** Not `Promise.race` with a promise of the abort: that would hold something of every pull until it settles. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** A Web stream as an iterable whose `return` ends a pull that is pending: a generator around the reader would wait for it. */
function webIterable(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
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
