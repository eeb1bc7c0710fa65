/* node:zlib's zstd, where the runtime has it. It computes on libuv's pool; the synchronous forms here. */
import * as zlib from 'node:zlib';
import { type Call, type CodecKernel, type DecodeCall, type Handles, isChunkerError } from '@chunker/core';
import { compressBound, costPerByte } from './cost.js';
import { dictionaryIdOf, fail, type Frame, frames, inspect, withoutEmptyLast } from './frames.js';
import type { ZstdOptions } from './options.js';
import { throughGate } from './pool-gate.js';

interface Settings {
  readonly params?: Record<number, number>;
  readonly maxOutputLength?: number;
  readonly pledgedSrcSize?: number;
  readonly dictionary?: Uint8Array;
}
type Whole = (data: Uint8Array, settings: Settings) => Uint8Array;
type WholeAsync = (data: Uint8Array, settings: Settings, done: (error: Error | null, result: Uint8Array) => void) => void;

/** What @types/node of Node 20 does not know. */
interface ZstdOfNode {
  readonly zstdCompress?: WholeAsync;
  readonly zstdCompressSync?: Whole;
  readonly zstdDecompress?: WholeAsync;
  readonly zstdDecompressSync?: Whole;
  readonly constants: Readonly<Record<string, number>>;
}
const node = zlib as unknown as ZstdOfNode;

/** Says whether this runtime's node:zlib has zstd. */
export function probe(): { readonly available: true } | { readonly available: false; readonly reason: string } {
  if (node.zstdCompress !== undefined) return { available: true };
  return { available: false, reason: `node:zlib has no zstd in this runtime (${process.version}; Node has it from 22.15 on)` };
}

const constant = (name: string): number => {
  const value = node.constants[name];
  if (value === undefined) throw fail('unsupported_feature', { feature: `${name} in this runtime's node:zlib` });
  return value;
};

function encoding(options: ZstdOptions, { dictionary }: Handles): Settings {
  const params: Record<number, number> = {
    [constant('ZSTD_c_compressionLevel')]: options.level,
    [constant('ZSTD_c_checksumFlag')]: options.checksum ? 1 : 0,
    [constant('ZSTD_c_contentSizeFlag')]: options.contentSize ? 1 : 0,
    [constant('ZSTD_c_enableLongDistanceMatching')]: options.longDistance ? 1 : 0,
  };
  if (options.windowLog !== undefined) params[constant('ZSTD_c_windowLog')] = options.windowLog;
  if (options.minMatch !== undefined) params[constant('ZSTD_c_minMatch')] = options.minMatch;
  // ZSTD_c_targetCBlockSize is none of Node's constants; its number is fixed (zstd.h).
  if (options.targetBlockBytes !== undefined) params[130] = options.targetBlockBytes;
  return { params, ...withDictionary(dictionary) };
}

/** Node 22.15 to 22.18 and 24.0 to 24.5 take a dictionary without a word and compress without it. */
function withDictionary(dictionary: Uint8Array | undefined): Pick<Settings, 'dictionary'> {
  if (dictionary === undefined) return {};
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 19) || (major === 24 && minor < 6) || major === 23) {
    throw fail('unsupported_feature', { feature: "a dictionary in this runtime's node:zlib" });
  }
  return { dictionary };
}

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

/** Node's words for what libzstd found in a frame whose headers were in order. */
function decodingError(thrown: unknown, frame: Frame, call: DecodeCall): unknown {
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  if (isChunkerError(thrown) || typeof code !== 'string') return thrown;
  if (code === 'ERR_BUFFER_TOO_LARGE') {
    if (frame.header.contentBytes !== undefined) return fail('corrupt_data', { offset: frame.start, reason: 'more content than declared' }, thrown);
    return fail('size_exceeded', { limit: call.limits.maxOutputBytes }, thrown);
  }
  if (code === 'ZSTD_error_checksum_wrong') return fail('checksum_mismatch', { offset: frame.end - 4 }, thrown);
  if (code === 'ZSTD_error_memory_allocation') return fail('out_of_memory', { bytes: frame.header.windowBytes }, thrown);
  return fail('corrupt_data', { offset: frame.start, reason: String(message) }, thrown);
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
    // The window was checked by its header.
    this.#settings = { params: { [constant('ZSTD_d_windowLogMax')]: 31 }, ...withDictionary(call.handles.dictionary) };
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

  error(thrown: unknown, frame: Frame): unknown {
    return decodingError(thrown, frame, this.#call);
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
    compressBound,
    inspect,
    compress,
    compressSync: (data, options, { handles }) => own((node.zstdCompressSync as Whole)(data, { ...encoding(options, handles), pledgedSrcSize: data.length })),
    decompress,
    decompressSync,
  };
}
