import * as zlib from 'node:zlib';
import { CompressionError, type DecodeCall } from '@chunker/core';
import type { ComputingStream } from '@chunker/core/runtime';
import { checkMemory, concatenated, decodeSync, OUTPUT_PIECE, OutputCount, type PushDecoder, SingleDecoder, trailingData } from './push-decoder.js';

/** Bytes of the decoder besides its window. */
const TABLES = 64 * 1024;

/** Brotli, fed by pieces. The first byte tells the window, so the decoder is opened when it is there. */
export class BrotliDecoder implements PushDecoder {
  readonly #call: DecodeCall;
  #decoder: SingleDecoder | undefined;

  constructor(call: DecodeCall) {
    this.#call = call;
  }

  async *push(data: Uint8Array): AsyncGenerator<Uint8Array, void> {
    if (data.length === 0) return;
    if (this.#decoder === undefined) {
      checkMemory('brotli', TABLES + windowBytes(data[0] as number), this.#call);
      this.#decoder = new SingleDecoder('brotli', this.#call, zlib.createBrotliDecompress({ chunkSize: OUTPUT_PIECE }) as unknown as ComputingStream);
    }
    yield* this.#decoder.push(data);
  }

  async *finish(): AsyncGenerator<Uint8Array, void> {
    if (this.#decoder === undefined) throw new CompressionError('truncated_input', { algorithm: 'brotli', operation: 'decompress', offset: 0 });
    yield* this.#decoder.finish();
  }

  close(): void {
    this.#decoder?.close();
  }
}

/** Brotli at once. */
export function brotliSync(data: Uint8Array, call: DecodeCall): Uint8Array {
  if (data.length === 0) throw new CompressionError('truncated_input', { algorithm: 'brotli', operation: 'decompress', offset: 0 });
  checkMemory('brotli', TABLES + windowBytes(data[0] as number), call);
  const count = new OutputCount(call);
  const settings = { chunkSize: OUTPUT_PIECE, info: true, maxOutputLength: count.left };
  const { buffer, engine } = decodeSync('brotli', count, 0, data.length, () => zlib.brotliDecompressSync(data, settings), call);
  if (engine.bytesWritten < data.length && !call.allowTrailing) throw trailingData('brotli', engine.bytesWritten);
  return concatenated([buffer]);
}

/** The window that a stream asks for: RFC 7932, section 9.1. */
function windowBytes(first: number): number {
  if ((first & 1) === 0) return 2 ** 16;
  const high = (first >> 1) & 7;
  if (high !== 0) return 2 ** (17 + high);
  const low = (first >> 4) & 7;
  return 2 ** (low === 0 ? 17 : 8 + low);
}
