/* gzip, deflate and brotli on node:zlib: the asynchronous forms compute on libuv's pool, the synchronous ones here. */
import * as zlib from 'node:zlib';
import type { Call, CodecKernel, DecodeCall, PushTransform } from '@chunker/core';
import { type ComputingStream, PulledStream } from '@chunker/core/runtime';
import { BrotliDecoder, brotliSync } from './brotli-decoder.js';
import { GzipDecoder, gunzipSync } from './gzip-decoder.js';
import type { BrotliOptions, DeflateOptions } from './options.js';
import { concatenated, OUTPUT_PIECE, type PushDecoder } from './push-decoder.js';
import { ZlibDecoder, inflateSync } from './zlib-decoder.js';

/** Input is copied and handed over in pieces: other threads read it while the caller may do with its memory what it likes, and an abort is seen between two. */
const INPUT_PIECE = 256 * 1024;

interface Format<Options> {
  readonly name: string;
  readonly compressNanoseconds: (options: Options) => number;
  encoder(options: Options, bytes?: number): ComputingStream;
  encodeSync(data: Uint8Array, options: Options): Uint8Array;
  decoder(call: DecodeCall): PushDecoder;
  decodeSync(data: Uint8Array, call: DecodeCall): Uint8Array;
  bound(bytes: number): number;
}

function kernelOf<Options>(format: Format<Options>): CodecKernel<Options> {
  return {
    placement: 'away',
    costPerByte: (operation, options) => (operation === 'compress' ? format.compressNanoseconds(options) : 4),
    compress: (data, options, call) => whole(encoderPush(format.encoder(options, data.length), call), data, call),
    compressSync: (data, options) => Uint8Array.from(format.encodeSync(data, options)),
    decompress: (data, _options, call) => whole(decoderPush(format.decoder(call), call), data, call),
    decompressSync: (data, _options, call) => format.decodeSync(data, call),
    compressor: (options, call) => encoderPush(format.encoder(options), call),
    decompressor: (_options, call) => decoderPush(format.decoder(call), call),
    compressBound: (bytes) => format.bound(bytes),
  };
}

async function whole(form: PulledForm, data: Uint8Array, call: Call): Promise<Uint8Array> {
  try {
    const output: Uint8Array[] = [];
    for (let at = 0; at < data.length; at += INPUT_PIECE) {
      call.signal?.throwIfAborted();
      for await (const bytes of form.push(data.subarray(at, at + INPUT_PIECE))) output.push(bytes);
    }
    for await (const bytes of form.finish()) output.push(bytes);
    return concatenated(output);
  } finally {
    form.dispose();
  }
}

/** A push form all of whose output is pulled. */
interface PulledForm extends PushTransform {
  push(data: Uint8Array): AsyncGenerator<Uint8Array, unknown>;
  finish(): AsyncGenerator<Uint8Array, unknown>;
  dispose(): void;
}

const fixed = (piece: Uint8Array, call: Call): Uint8Array => (call.inPlace === true ? piece : piece.slice());

function encoderPush(computing: ComputingStream, call: Call): PulledForm {
  const stream = new PulledStream(computing);
  return { push: (data) => stream.write(fixed(data, call)), finish: () => stream.end(), dispose: () => stream.close() };
}

function decoderPush(decoder: PushDecoder, call: DecodeCall): PulledForm {
  return { push: (data) => decoder.push(fixed(data, call)), finish: () => decoder.finish(), dispose: () => decoder.close() };
}

/** What stored blocks of 16 KiB cost besides their bytes, and a head and a trailer. */
const deflateBound = (bytes: number) => bytes + 5 * (Math.floor(bytes / 16_383) + 1) + 32;

const deflateSettings = ({ level }: DeflateOptions) => ({ level, chunkSize: OUTPUT_PIECE });
/** Measured on machine code: from 6 ns per byte at level 1 to 60 at level 9. */
const deflateCost = ({ level }: DeflateOptions) => [1, 6, 7, 10, 12, 18, 25, 32, 48, 60][level] ?? 25;

export function gzipKernel(): CodecKernel<DeflateOptions> {
  return kernelOf<DeflateOptions>({
    name: 'gzip',
    compressNanoseconds: deflateCost,
    encoder: (options) => zlib.createGzip(deflateSettings(options)) as ComputingStream,
    encodeSync: (data, options) => zlib.gzipSync(data, deflateSettings(options)),
    decoder: (call) => new GzipDecoder(call),
    decodeSync: gunzipSync,
    bound: deflateBound,
  });
}

export function deflateKernel(): CodecKernel<DeflateOptions> {
  return kernelOf<DeflateOptions>({
    name: 'deflate',
    compressNanoseconds: deflateCost,
    encoder: (options) => zlib.createDeflate(deflateSettings(options)) as ComputingStream,
    encodeSync: (data, options) => zlib.deflateSync(data, deflateSettings(options)),
    decoder: (call) => new ZlibDecoder(call),
    decodeSync: inflateSync,
    bound: deflateBound,
  });
}

function brotliSettings({ quality, windowBits }: BrotliOptions, bytes: number): zlib.BrotliOptions {
  return {
    chunkSize: OUTPUT_PIECE,
    params: {
      [zlib.constants.BROTLI_PARAM_QUALITY]: quality,
      [zlib.constants.BROTLI_PARAM_LGWIN]: windowBits,
      // Without the hint brotli guesses from its first piece of input, and the bytes would depend on how they were handed over.
      [zlib.constants.BROTLI_PARAM_SIZE_HINT]: Math.min(bytes, 2 ** 30),
    },
  };
}

/** Nanoseconds per byte of each quality: quality 11 takes a microsecond. */
const brotliCost = ({ quality }: BrotliOptions) => [4, 6, 10, 12, 18, 35, 45, 60, 80, 120, 500, 1000][quality] ?? 120;

export function brotliKernel(): CodecKernel<BrotliOptions> {
  return kernelOf<BrotliOptions>({
    name: 'brotli',
    compressNanoseconds: brotliCost,
    encoder: (options, bytes = 0) => zlib.createBrotliCompress(brotliSettings(options, bytes)) as unknown as ComputingStream,
    encodeSync: (data, options) => zlib.brotliCompressSync(data, brotliSettings(options, data.length)),
    decoder: (call) => new BrotliDecoder(call),
    decodeSync: brotliSync,
    // BrotliEncoderMaxCompressedSize: four bytes per 16 KiB and a little.
    bound: (bytes) => bytes + 4 * (Math.floor(bytes / 16_384) + 1) + 16,
  });
}
