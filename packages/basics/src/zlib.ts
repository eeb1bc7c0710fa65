/* gzip, deflate and brotli on node:zlib: the asynchronous forms compute on libuv's pool, the synchronous ones here. */
import * as zlib from 'node:zlib';
import type { Call, CodecKernel, DecodeCall, PushTransform } from '@chunker/core';
import { BrotliDecoder, brotliSync } from './brotli-decoder.js';
import { GzipDecoder, gunzipSync } from './gzip-decoder.js';
import type { BrotliOptions, DeflateOptions } from './options.js';
import { concatenated, OUTPUT_PIECE, type PushDecoder } from './push-decoder.js';
import { ZlibDecoder, inflateSync } from './zlib-decoder.js';
import { ZlibEngine, type ZlibStream } from './zlib-engine.js';

/** Input is copied and handed over in pieces: the caller may do with its memory what it likes, and an abort is seen between two. */
const INPUT_PIECE = 256 * 1024;

interface Format<Options> {
  readonly name: string;
  readonly compressNanoseconds: (options: Options) => number;
  encoder(options: Options, bytes?: number): ZlibStream;
  encodeSync(data: Uint8Array, options: Options): Uint8Array;
  decoder(call: DecodeCall): PushDecoder;
  decodeSync(data: Uint8Array, call: DecodeCall): Uint8Array;
  bound(bytes: number): number;
}

function kernelOf<Options>(format: Format<Options>): CodecKernel<Options> {
  return {
    placement: 'away',
    costPerByte: (operation, options) => (operation === 'compress' ? format.compressNanoseconds(options) : 4),
    compress: (data, options, call) => encodeWhole(format.encoder(options, data.length), data, call),
    compressSync: (data, options) => Uint8Array.from(format.encodeSync(data, options)),
    decompress: (data, _options, call) => decodeWhole(format.decoder(call), data, call),
    decompressSync: (data, _options, call) => format.decodeSync(data, call),
    compressor: (options, call) => encoderPush(format.encoder(options), call),
    decompressor: (_options, call) => decoderPush(format.decoder(call), call),
    compressBound: (bytes) => format.bound(bytes),
  };
}

async function encodeWhole(stream: ZlibStream, data: Uint8Array, call: Call): Promise<Uint8Array> {
  const output: Uint8Array[] = [];
  const engine = new ZlibEngine(stream, (bytes) => output.push(bytes));
  try {
    for (let at = 0; at < data.length; at += INPUT_PIECE) {
      call.signal?.throwIfAborted();
      await engine.write(fixedPiece(data, at, call));
    }
    await engine.end();
    return concatenated(output);
  } finally {
    engine.close();
  }
}

async function decodeWhole(decoder: PushDecoder, data: Uint8Array, call: DecodeCall): Promise<Uint8Array> {
  try {
    const output: Uint8Array[] = [];
    for (let at = 0; at < data.length; at += INPUT_PIECE) {
      call.signal?.throwIfAborted();
      for (const bytes of await decoder.push(fixedPiece(data, at, call))) output.push(bytes);
    }
    for (const bytes of await decoder.finish()) output.push(bytes);
    return concatenated(output);
  } finally {
    decoder.close();
  }
}

function fixedPiece(data: Uint8Array, at: number, call: Call): Uint8Array {
  const piece = data.subarray(at, at + INPUT_PIECE);
  return call.inPlace === true ? piece : piece.slice();
}

function encoderPush(stream: ZlibStream, call: Call): PushTransform {
  const ready: Uint8Array[] = [];
  const engine = new ZlibEngine(stream, (bytes) => ready.push(bytes));
  const taken = () => concatenated(ready.splice(0));
  return {
    async push(data) {
      for (let at = 0; at < data.length; at += INPUT_PIECE) await engine.write(fixedPiece(data, at, call));
      return taken();
    },
    async finish() {
      await engine.end();
      return taken();
    },
    dispose: () => engine.close(),
  };
}

function decoderPush(decoder: PushDecoder, call: DecodeCall): PushTransform {
  return {
    async push(data) {
      const output: Uint8Array[] = [];
      for (let at = 0; at < data.length; at += INPUT_PIECE) output.push(...(await decoder.push(fixedPiece(data, at, call))));
      return concatenated(output);
    },
    finish: async () => concatenated(await decoder.finish()),
    dispose: () => decoder.close(),
  };
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
    encoder: (options) => zlib.createGzip(deflateSettings(options)) as ZlibStream,
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
    encoder: (options) => zlib.createDeflate(deflateSettings(options)) as ZlibStream,
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
    encoder: (options, bytes = 0) => zlib.createBrotliCompress(brotliSettings(options, bytes)) as unknown as ZlibStream,
    encodeSync: (data, options) => zlib.brotliCompressSync(data, brotliSettings(options, data.length)),
    decoder: (call) => new BrotliDecoder(call),
    decodeSync: brotliSync,
    // BrotliEncoderMaxCompressedSize: four bytes per 16 KiB and a little.
    bound: (bytes) => bytes + 4 * (Math.floor(bytes / 16_384) + 1) + 16,
  });
}
