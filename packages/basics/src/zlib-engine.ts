import type { Transform } from 'node:stream';
import { CompressionError } from '@chunker/core';
import { throughGate } from './pool-gate.js';

/** One of node:zlib's streams. `bytesWritten` is what it has consumed. */
export type ZlibStream = Transform & { readonly bytesWritten: number; close(): void };

/** What node:zlib complains of, in our words. */
export function zlibError(algorithm: string, operation: string, thrown: unknown, offset = 0): unknown {
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  if (typeof code !== 'string') return thrown;
  if (code === 'Z_BUF_ERROR') return new CompressionError('truncated_input', { algorithm, operation }, { cause: thrown });
  const text = String(message);
  if (code === 'Z_DATA_ERROR' && /incorrect (data|length) check/.test(text))
    return new CompressionError('checksum_mismatch', { algorithm, operation, offset }, { cause: thrown });
  if (code === 'Z_NEED_DICT')
    return new CompressionError('unsupported_feature', { algorithm, operation, offset, feature: 'a preset dictionary' }, { cause: thrown });
  if (code === 'Z_MEM_ERROR') return new CompressionError('out_of_memory', { algorithm, operation, bytes: 0 }, { cause: thrown });
  if (code === 'Z_DATA_ERROR' || code.startsWith('ERR_'))
    return new CompressionError('corrupt_data', { algorithm, operation, offset, reason: text }, { cause: thrown });
  return thrown;
}

/** A zlib stream driven piece by piece: what comes out is gathered by `output`. */
export class ZlibEngine {
  readonly #stream: ZlibStream;
  readonly #ended: Promise<void>;
  ended = false;
  #failure: unknown;

  constructor(stream: ZlibStream, output: (bytes: Uint8Array) => void) {
    this.#stream = stream;
    stream.on('data', output);
    this.#ended = new Promise((resolve, reject) => {
      stream.once('end', () => {
        this.ended = true;
        resolve();
      });
      stream.once('error', (error) => {
        this.#failure = error;
        reject(error);
      });
    });
    // Whoever waits sees the failure; nobody may be waiting.
    this.#ended.catch(() => {});
  }

  /** Hands over a piece and waits until it is worked off or the format has ended; returns how much of it was consumed. */
  async write(piece: Uint8Array): Promise<number> {
    if (this.#failure !== undefined) throw this.#failure;
    const before = this.#stream.bytesWritten;
    const done = new Promise<void>((resolve, reject) => {
      this.#stream.write(piece, (error) => (error ? reject(error) : resolve()));
    });
    done.catch(() => {});
    await throughGate(() => Promise.race([done, this.#ended]));
    return this.#stream.bytesWritten - before;
  }

  /** No more input: waits for the rest of the output. */
  async end(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#stream.end();
    await throughGate(() => this.#ended);
  }

  close(): void {
    this.#stream.destroy();
  }
}
