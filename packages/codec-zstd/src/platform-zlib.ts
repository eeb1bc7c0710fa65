/* node:zlib's zstd: what it is given, what it says. */
import * as zlib from 'node:zlib';
import { type DecodeCall, type Handles, isChunkerError } from '@chunker/core';
import type { ComputingStream } from '@chunker/core/runtime';
import { fail, type FrameHeader } from './frames.js';
import type { ZstdOptions } from './options.js';

export interface Settings {
  readonly params?: Record<number, number>;
  readonly maxOutputLength?: number;
  readonly pledgedSrcSize?: number;
  readonly dictionary?: Uint8Array;
  readonly chunkSize?: number;
}
export type Whole = (data: Uint8Array, settings: Settings) => Uint8Array;
export type WholeAsync = (data: Uint8Array, settings: Settings, done: (error: Error | null, result: Uint8Array) => void) => void;

/** What @types/node of Node 20 does not know. */
interface ZstdOfNode {
  readonly zstdCompress?: WholeAsync;
  readonly zstdCompressSync?: Whole;
  readonly zstdDecompress?: WholeAsync;
  readonly zstdDecompressSync?: Whole;
  readonly createZstdCompress?: (settings: Settings) => ComputingStream;
  readonly createZstdDecompress?: (settings: Settings) => ComputingStream;
  readonly constants: Readonly<Record<string, number>>;
}
export const node = zlib as unknown as ZstdOfNode;

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

/** How to compress with these options. */
export function encoding(options: ZstdOptions, { dictionary }: Handles): Settings {
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

/** How to decompress. The window is checked by frame headers before. */
export function decoding({ dictionary }: Handles): Settings {
  return { params: { [constant('ZSTD_d_windowLogMax')]: 31 }, ...withDictionary(dictionary) };
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

/** The frame that is being decoded, for messages. */
export interface FrameInHand {
  readonly start: number;
  readonly checksumAt: number;
  readonly header: FrameHeader;
}

/** Node's words for what libzstd found in a frame whose headers were in order. */
export function decodingError(thrown: unknown, frame: FrameInHand, call: DecodeCall): unknown {
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  if (isChunkerError(thrown) || typeof code !== 'string') return thrown;
  if (code === 'ERR_BUFFER_TOO_LARGE') {
    if (frame.header.contentBytes !== undefined) return fail('corrupt_data', { offset: frame.start, reason: 'more content than declared' }, thrown);
    return fail('size_exceeded', { limit: call.limits.maxOutputBytes }, thrown);
  }
  if (code === 'ZSTD_error_checksum_wrong') return fail('checksum_mismatch', { offset: frame.checksumAt }, thrown);
  if (code === 'ZSTD_error_memory_allocation') return fail('out_of_memory', { bytes: frame.header.windowBytes }, thrown);
  return fail('corrupt_data', { offset: frame.start, reason: String(message) }, thrown);
}
