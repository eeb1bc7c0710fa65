import * as zlib from 'node:zlib';
import { CompressionError, type DecodeCall } from '@chunker/core';
import type { ComputingStream } from '@chunker/core/runtime';
import { checkMemory, concatenated, decodeSync, OUTPUT_PIECE, OutputCount, SingleDecoder, trailingData } from './push-decoder.js';

/** A window of 32 KiB and zlib's tables. */
export const INFLATE_MEMORY = 44 * 1024;

/** The zlib format (RFC 1950), fed by pieces. */
export class ZlibDecoder extends SingleDecoder {
  constructor(call: DecodeCall) {
    checkMemory('deflate', INFLATE_MEMORY, call);
    super('deflate', call, zlib.createInflate({ chunkSize: OUTPUT_PIECE }) as ComputingStream);
  }
}

/** The zlib format at once. */
export function inflateSync(data: Uint8Array, call: DecodeCall): Uint8Array {
  checkMemory('deflate', INFLATE_MEMORY, call);
  if (data.length === 0) throw new CompressionError('truncated_input', { algorithm: 'deflate', operation: 'decompress', offset: 0 });
  const count = new OutputCount(call);
  const settings = { chunkSize: OUTPUT_PIECE, info: true, maxOutputLength: count.left };
  const { buffer, engine } = decodeSync('deflate', count, 0, data.length, () => zlib.inflateSync(data, settings), call);
  if (engine.bytesWritten < data.length && !call.allowTrailing) throw trailingData('deflate', engine.bytesWritten);
  return concatenated([buffer]);
}
