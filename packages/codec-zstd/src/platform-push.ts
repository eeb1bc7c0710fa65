/* node:zlib's zstd, piece by piece: bounded pieces of output, computed when they are pulled. */
import type { Call, DecodeCall, PushTransform } from '@chunker/core';
import { type ComputingStream, PulledStream } from '@chunker/core/runtime';
import { FrameReader, type Part } from './frame-reader.js';
import { dictionaryIdOf, fail } from './frames.js';
import type { ZstdOptions } from './options.js';
import { decoding, decodingError, encoding, type FrameInHand, node, type Settings } from './platform-zlib.js';

/** Bytes per piece of output: a block of zstd. */
const OUTPUT_PIECE = 128 * 1024;

type Open = (settings: Settings) => ComputingStream;

/** Other threads read it, while the caller may do with its memory what it likes. */
const fixed = (data: Uint8Array, { inPlace }: Call): Uint8Array => (inPlace === true ? data : data.slice());

/** One frame made of pieces. */
export function compressor(options: ZstdOptions, call: Call): PushTransform {
  const stream = new PulledStream((node.createZstdCompress as Open)({ ...encoding(options, call.handles), chunkSize: OUTPUT_PIECE }));
  return { push: (data) => stream.write(fixed(data, call)), finish: () => stream.end(), dispose: () => stream.close() };
}

/** The frame that is being decoded, and what decodes it. */
interface Decoding {
  readonly frame: FrameInHand;
  readonly stream: PulledStream;
  written: number;
}

/** Frames that arrive in pieces. */
export class PushDecoder implements PushTransform {
  readonly #call: DecodeCall;
  readonly #settings: Settings;
  readonly #reader: FrameReader;
  #decoding: Decoding | undefined;
  #written = 0;

  constructor(call: DecodeCall) {
    const { dictionary } = call.handles;
    this.#call = call;
    this.#settings = { ...decoding(call.handles), chunkSize: OUTPUT_PIECE };
    this.#reader = new FrameReader(call, dictionary === undefined ? undefined : dictionaryIdOf(dictionary), () => this.#written);
  }

  async *push(data: Uint8Array): AsyncGenerator<Uint8Array> {
    for (const part of this.#reader.read(fixed(data, this.#call))) yield* this.#part(part);
  }

  finish(): Uint8Array {
    this.#reader.finish();
    return new Uint8Array(0);
  }

  dispose(): void {
    this.#decoding?.stream.close();
  }

  async *#part(part: Part): AsyncGenerator<Uint8Array> {
    if (part.kind === 'end') return this.#endFrame();
    if (part.kind === 'start') {
      const frame = { start: part.offset, checksumAt: 0, header: part.header };
      this.#decoding = { frame, stream: new PulledStream((node.createZstdDecompress as Open)(this.#settings)), written: 0 };
    }
    const current = this.#decoding as Decoding;
    try {
      for await (const bytes of current.stream.write(part.bytes)) {
        this.#count(current, bytes.length);
        yield bytes;
      }
    } catch (thrown) {
      throw decodingError(thrown, { ...current.frame, checksumAt: this.#reader.unitAt }, this.#call);
    }
  }

  #count(current: Decoding, bytes: number): void {
    current.written += bytes;
    this.#written += bytes;
    const { start, header } = current.frame;
    if (current.written > (header.contentBytes ?? Number.POSITIVE_INFINITY))
      throw fail('corrupt_data', { offset: start, reason: 'more content than declared' });
    if (this.#written > this.#call.limits.maxOutputBytes) throw fail('size_exceeded', { limit: this.#call.limits.maxOutputBytes });
  }

  #endFrame(): void {
    const { frame, stream, written } = this.#decoding as Decoding;
    this.#decoding = undefined;
    stream.close();
    if (frame.header.contentBytes !== undefined && written !== frame.header.contentBytes) {
      throw fail('corrupt_data', { offset: frame.start, reason: 'other content size than declared' });
    }
  }
}
