import { CompressionError, type DecodeCall } from '@chunker/core';
import { type ComputingStream, PulledStream } from '@chunker/core/runtime';
import { zlibError } from './zlib-error.js';

/** Bytes per piece of output. */
export const OUTPUT_PIECE = 64 * 1024;

/** A decoder that is fed and gives bounded pieces, computed when they are pulled; they are the caller's. What is pushed must not change until its pieces were pulled. */
export interface PushDecoder {
  push(data: Uint8Array): AsyncGenerator<Uint8Array, void>;
  finish(): AsyncGenerator<Uint8Array, void>;
  close(): void;
}

/** Counts output against the limit, whatever it comes from. */
export class OutputCount {
  readonly #call: DecodeCall;
  bytes = 0;

  constructor(call: DecodeCall) {
    this.#call = call;
  }

  /** What may still come; at least 1, because node:zlib knows no smaller limit. */
  get left(): number {
    return Math.max(1, Math.min(this.#call.limits.maxOutputBytes - this.bytes, 2 ** 32));
  }

  add(bytes: number): void {
    this.bytes += bytes;
    this.#call.limits.claim(this.bytes);
  }
}

/** One compressed stream inside a format: fed by pieces, its output counted as it comes. */
export class StreamPart {
  readonly #stream: PulledStream;
  readonly #count: OutputCount;
  readonly #seen: (bytes: Uint8Array) => void;

  constructor(stream: ComputingStream, count: OutputCount, seen: (bytes: Uint8Array) => void = () => {}) {
    this.#stream = new PulledStream(stream);
    this.#count = count;
    this.#seen = seen;
  }

  get ended(): boolean {
    return this.#stream.ended;
  }

  /** Returns how many bytes of the piece belonged to the stream. */
  write(piece: Uint8Array): AsyncGenerator<Uint8Array, number> {
    return this.#counted(this.#stream.write(piece));
  }

  /** Asks the stream to end here. */
  end(): AsyncGenerator<Uint8Array, void> {
    return this.#counted(this.#stream.end());
  }

  close(): void {
    this.#stream.close();
  }

  async *#counted<T>(output: AsyncGenerator<Uint8Array, T>): AsyncGenerator<Uint8Array, T> {
    for (;;) {
      const next = await output.next();
      if (next.done === true) return next.value;
      this.#count.add(next.value.length);
      this.#seen(next.value);
      yield next.value;
    }
  }
}

/** A format that is one stream and nothing else. */
export class SingleDecoder implements PushDecoder {
  readonly #algorithm: string;
  readonly #call: DecodeCall;
  readonly #part: StreamPart;
  #consumed = 0;
  #trailing = 0;

  constructor(algorithm: string, call: DecodeCall, stream: ComputingStream) {
    this.#algorithm = algorithm;
    this.#call = call;
    this.#part = new StreamPart(stream, new OutputCount(call));
  }

  async *push(data: Uint8Array): AsyncGenerator<Uint8Array, void> {
    let used = 0;
    if (!this.#part.ended) {
      used = yield* this.#guarded(this.#part.write(data));
      this.#consumed += used;
    }
    if (this.#part.ended) this.#trailing += data.length - used;
    if (this.#trailing > 0 && !this.#call.allowTrailing) throw trailingData(this.#algorithm, this.#consumed);
  }

  async *finish(): AsyncGenerator<Uint8Array, void> {
    if (this.#consumed === 0) throw new CompressionError('truncated_input', { algorithm: this.#algorithm, operation: 'decompress', offset: 0 });
    if (!this.#part.ended) yield* this.#guarded(this.#part.end());
  }

  close(): void {
    this.#part.close();
  }

  async *#guarded<T>(output: AsyncGenerator<Uint8Array, T>): AsyncGenerator<Uint8Array, T> {
    try {
      return yield* output;
    } catch (thrown) {
      throw zlibError(this.#algorithm, 'decompress', thrown, 0, this.#consumed);
    }
  }
}

export function trailingData(algorithm: string, offset: number): CompressionError<'trailing_data'> {
  return new CompressionError('trailing_data', { algorithm, operation: 'decompress', offset });
}

/** What node:zlib's synchronous functions answer with `info`. */
export interface SyncResult {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** Runs one of node:zlib's synchronous functions under the limit, on the input from `from` to `end`. */
export function decodeSync(algorithm: string, count: OutputCount, from: number, end: number, work: () => unknown, call: DecodeCall): SyncResult {
  let result: SyncResult;
  try {
    result = work() as SyncResult;
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new CompressionError('size_exceeded', { algorithm, operation: 'decompress', limit: call.limits.maxOutputBytes }, { cause: thrown });
    }
    throw zlibError(algorithm, 'decompress', thrown, from, end);
  }
  count.add(result.buffer.length);
  return result;
}

/** Pieces as one array of their own memory. */
export function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** Throws where the decoder's own memory would be over the caller's limit. */
export function checkMemory(algorithm: string, needed: number, call: DecodeCall): void {
  const limit = call.limits.maxMemoryBytes;
  if (needed > limit) throw new CompressionError('memory_limit_exceeded', { algorithm, operation: 'decompress', scope: 'decoder', limit, needed });
}
