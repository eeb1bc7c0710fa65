/* node:zlib's zstd, where the runtime has it. It computes on libuv's pool; the synchronous forms here. */
import type { Call, CodecKernel, DecodeCall } from '@chunker/core';
import { throughGate } from '@chunker/core/runtime';
import { compressBound, costPerByte } from './cost.js';
import { workingMemory } from './memory.js';
import { dictionaryIdOf, fail, type Frame, frames, inspect, withoutEmptyLast } from './frames.js';
import type { ZstdOptions } from './options.js';
import { decoding, decodingError, encoding, node, probe, type Settings, type Whole, type WholeAsync } from './platform-zlib.js';
import { compressor, PushDecoder } from './platform-push.js';

export { probe };

/** Runs one of node's asynchronous functions; an abort answers at once, and what still runs works on a copy. */
function away(work: WholeAsync, data: Uint8Array, settings: Settings, { signal, inPlace }: Call): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const input = inPlace === true ? data : data.slice();
  const running = throughGate(
    () => new Promise<Uint8Array>((resolve, reject) => work(input, settings, (error, result) => (error === null ? resolve(result) : reject(error)))),
  );
  if (signal === undefined || inPlace === true) return running.finally(() => signal?.throwIfAborted());
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    running.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

class Decoding {
  readonly #data: Uint8Array;
  readonly #call: DecodeCall;
  readonly #settings: Settings;
  readonly #output: Uint8Array[] = [];
  #written = 0;

  constructor(data: Uint8Array, call: DecodeCall) {
    this.#data = data;
    this.#call = call;
    this.#settings = decoding(call.handles);
  }

  frames(): Generator<Frame> {
    const { dictionary } = this.#call.handles;
    return frames(this.#data, this.#call, dictionary === undefined ? undefined : dictionaryIdOf(dictionary), () => this.#written);
  }

  bytes(frame: Frame): Uint8Array {
    return this.#data.subarray(frame.start, frame.end);
  }

  settings(frame: Frame): Settings {
    const left = this.#call.limits.maxOutputBytes - this.#written;
    // Node wants at least 1; what comes out is counted again.
    return { ...this.#settings, maxOutputLength: Math.max(1, Math.min(frame.header.contentBytes ?? left, left, MAX_LENGTH)) };
  }

  keep(frame: Frame, bytes: Uint8Array): void {
    if (frame.header.contentBytes !== undefined && bytes.length !== frame.header.contentBytes) {
      throw fail('corrupt_data', { offset: frame.start, reason: 'other content size than declared' });
    }
    this.#written += bytes.length;
    if (this.#written > this.#call.limits.maxOutputBytes) throw fail('size_exceeded', { limit: this.#call.limits.maxOutputBytes });
    this.#output.push(bytes);
  }

  result(): Uint8Array {
    const [only] = this.#output;
    if (this.#output.length === 1 && only !== undefined && only.byteLength === only.buffer.byteLength) return new Uint8Array(only.buffer);
    const joined = new Uint8Array(this.#written);
    let at = 0;
    for (const bytes of this.#output) {
      joined.set(bytes, at);
      at += bytes.length;
    }
    return joined;
  }

  error(thrown: unknown, { start, end, header }: Frame): unknown {
    return decodingError(thrown, { start, checksumAt: end - 4, header }, this.#call);
  }
}

/** The longest buffer that Node makes. */
const MAX_LENGTH = 2 ** 32;

async function decompress(data: Uint8Array, _options: ZstdOptions, call: DecodeCall): Promise<Uint8Array> {
  // Read in place now, decoded later: the bytes must be those that were checked.
  const decoding = new Decoding(call.inPlace === true ? data : data.slice(), call);
  for (const frame of decoding.frames()) {
    try {
      decoding.keep(frame, await away(node.zstdDecompress as WholeAsync, decoding.bytes(frame), decoding.settings(frame), call));
    } catch (thrown) {
      throw thrown === call.signal?.reason ? thrown : decoding.error(thrown, frame);
    }
  }
  return decoding.result();
}

function decompressSync(data: Uint8Array, _options: ZstdOptions, call: DecodeCall): Uint8Array {
  const decoding = new Decoding(data, call);
  for (const frame of decoding.frames()) {
    try {
      decoding.keep(frame, (node.zstdDecompressSync as Whole)(decoding.bytes(frame), decoding.settings(frame)));
    } catch (thrown) {
      throw decoding.error(thrown, frame);
    }
  }
  return decoding.result();
}

/** The asynchronous form tells libzstd of the end too late to make the last block the last: the synchronous one does not. */
async function compress(data: Uint8Array, options: ZstdOptions, call: Call): Promise<Uint8Array> {
  const settings = { ...encoding(options, call.handles), pledgedSrcSize: data.length };
  return own(withoutEmptyLast(await away(node.zstdCompress as WholeAsync, data, settings, call)));
}

const own = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);

/** The runtime's own kernel. Rejects where there is none. */
export async function load(): Promise<CodecKernel<ZstdOptions>> {
  const answer = probe();
  if (!answer.available) throw new Error(answer.reason);
  return {
    placement: 'away',
    costPerByte: (operation, { level }) => costPerByte(operation, level),
    memory: workingMemory,
    compressBound,
    inspect,
    compress,
    compressSync: (data, options, { handles }) => own((node.zstdCompressSync as Whole)(data, { ...encoding(options, handles), pledgedSrcSize: data.length })),
    decompress,
    decompressSync,
    compressor,
    decompressor: (_options, call) => new PushDecoder(call),
  };
}
