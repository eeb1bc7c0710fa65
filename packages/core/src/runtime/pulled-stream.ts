import type { Transform } from 'node:stream';
import { throughGate } from './pool-gate.js';

/** One of node:zlib's streams. `bytesWritten` is what it has consumed. */
export type ComputingStream = Transform & { readonly bytesWritten: number };

/**
 * A stream of node:zlib, driven by whoever reads it: it computes when a piece is asked for, at most one piece ahead, and through the gate. Pieces are as large as the stream's `chunkSize`, or twice
 * that; they belong to the caller. One call at a time; the generators throw what the stream fails with, after what came before it.
 */
export class PulledStream {
  readonly #stream: ComputingStream;
  /** The format has ended: nothing more is consumed. */
  ended = false;
  #failure: unknown;
  #changed = () => {};

  constructor(stream: ComputingStream) {
    this.#stream = stream;
    stream.on('readable', () => this.#changed());
    stream.once('end', () => {
      this.ended = true;
      this.#changed();
    });
    stream.on('error', (error) => this.#fail(error));
  }

  /** Hands over `input`, which must not change until the generator has ended, and gives what comes of it; returns how much was consumed: less than all only where the format has ended. */
  async *write(input: Uint8Array): AsyncGenerator<Uint8Array, number> {
    const before = this.#stream.bytesWritten;
    let worked = false;
    const start = () => {
      this.#stream.write(input, (error) => {
        if (error) return this.#fail(error);
        worked = true;
        this.#changed();
      });
    };
    yield* this.#pieces(start, () => this.ended || (worked && this.#stream.bytesWritten - before === input.length));
    return this.#stream.bytesWritten - before;
  }

  /** No more input: gives the rest. */
  async *end(): AsyncGenerator<Uint8Array, void> {
    yield* this.#pieces(
      () => this.#stream.end(),
      () => this.ended,
    );
  }

  /** Frees what it holds; a generator that is waiting throws. */
  close(): void {
    this.#fail(new Error('the stream was closed'));
    this.#stream.destroy();
  }

  async *#pieces(start: () => void, over: () => boolean): AsyncGenerator<Uint8Array, void> {
    if (this.#failure !== undefined) throw this.#failure;
    let begin = start;
    for (;;) {
      const piece = await throughGate(() => {
        begin();
        begin = () => {};
        return this.#next(over);
      });
      if (piece === undefined) return;
      yield piece;
    }
  }

  /** Reading makes the stream compute the next piece: that is waited for as well, so that nothing is computed outside the gate. */
  async #next(over: () => boolean): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const piece = this.#stream.read() as Uint8Array | null;
      if (piece === null && over()) return undefined;
      if (!over()) await this.#change();
      if (piece !== null) return piece;
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#changed();
  }
}
