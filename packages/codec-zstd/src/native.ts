import {
  type BatchOutput,
  type Call,
  type CodecKernel,
  CompressionError,
  type DecodeCall,
  type FrameSummary,
  type Handles,
  isChunkerError,
  type PushTransform,
} from '@chunker/core';
import { callSync, loadAddon, type MakeError, openRoom, type Room, type RunOptions } from '@chunker/core/native';
import { compressBound, costPerByte } from './cost.js';
import { declaredBytes } from './declared.js';
import { workingMemory } from './memory.js';
import type { ZstdOptions } from './options.js';

type Limits = readonly [maxOutputBytes: number, maxMemoryBytes: number, allowTrailing: boolean];
type Offsets = Float64Array | undefined;
/** Results, their lengths, the indices of failed items, and a JSON array of `[code, details]`. */
type Many = readonly [Uint8Array, Uint32Array, Uint32Array, string];

/** The codec as the addon knows it: native/bindings/zstd, and doors.rs of native/support/codec. */
interface Codec {
  check(): void;
  compress(ticket: number, input: Uint8Array): void;
  compressSync(input: Uint8Array): Uint8Array;
  compressInto(ticket: number, input: Uint8Array, output: Uint8Array): void;
  compressIntoSync(input: Uint8Array, output: Uint8Array): number;
  compressMany(ticket: number, input: Uint8Array, lengths: Uint32Array, offsets: Offsets): void;
  compressManySync(input: Uint8Array, lengths: Uint32Array, offsets: Offsets): Many;
  decompress(ticket: number, input: Uint8Array, ...limits: Limits): void;
  decompressSync(input: Uint8Array, ...limits: Limits): Uint8Array;
  decompressInto(ticket: number, input: Uint8Array, output: Uint8Array, ...limits: Limits): void;
  decompressIntoSync(input: Uint8Array, output: Uint8Array, ...limits: Limits): number;
  decompressMany(ticket: number, input: Uint8Array, lengths: Uint32Array, offsets: Offsets, ...limits: Limits): void;
  decompressManySync(input: Uint8Array, lengths: Uint32Array, offsets: Offsets, ...limits: Limits): Many;
}

/** A push form as the addon knows it: stream.rs of native/support/codec. */
interface Stream {
  push(ticket: number, input: Uint8Array, end: boolean): void;
  pushSync(input: Uint8Array, end: boolean): Uint8Array;
  end(): void;
}

interface Exports {
  inspect(data: Uint8Array): Float64Array;
  readonly Codec: { open(settings: Uint32Array, dictionary: Uint8Array | undefined): Codec };
  readonly Encoder: { open(codec: Codec): Stream };
  readonly Decoder: { open(codec: Codec, ...limits: Limits): Stream };
}

/** Below this estimate a piece of a stream is compressed on the calling thread. */
const AT_ONCE_NANOSECONDS = 200_000;
/** An answer of a decoder of so many bytes says that there may be more: `PIECE_BYTES` of native/support/codec/src/stream.rs. */
const PIECE_BYTES = 1 << 20;
/** Results that `decompressSync` makes memory for by what the first header declares. */
const MADE_HERE_BYTES = 256 << 10;
/** Up to this size memory that JavaScript clears is cheaper than memory that it does not: the way there is shorter, and what is cleared is in the cache when it is written. */
const CLEARED_BYTES = 8 << 10;
const EMPTY = new Uint8Array(0);

const makeError: MakeError = (code, details, parameters) => {
  const facts = code === 'unknown_format' ? { ...details, registered: ['zstd'] } : { algorithm: 'zstd', ...details };
  return new CompressionError(code, facts as typeof details, parameters);
};

const way = ({ signal, inPlace, queue, priority }: Call): RunOptions => ({ signal, inPlace, queue, priority, makeError });

/** No limit crosses as the largest safe integer. */
const limitsOf = ({ limits, allowTrailing }: DecodeCall): Limits => [
  Math.min(limits.maxOutputBytes, Number.MAX_SAFE_INTEGER),
  Math.min(limits.maxMemoryBytes, Number.MAX_SAFE_INTEGER),
  allowTrailing,
];

function settingsOf({ level, checksum, contentSize, longDistance, windowLog, minMatch, targetBlockBytes }: ZstdOptions): Uint32Array {
  const flags = (checksum ? 1 : 0) | (contentSize ? 2 : 0) | (longDistance ? 4 : 0);
  return Uint32Array.of(level + 7, flags, windowLog ?? 0, minMatch ?? 0, targetBlockBytes ?? 0);
}

function batchOf([buffer, lengths, failed, faults]: Many): BatchOutput {
  const errors = new Map<number, Error>();
  if (failed.length > 0) {
    const told = JSON.parse(faults) as [Parameters<MakeError>[0], Parameters<MakeError>[1]][];
    failed.forEach((index, at) => {
      const [code, details] = told[at] as (typeof told)[number];
      errors.set(index, makeError(code, details, {}));
    });
  }
  return { buffer, lengths, errors };
}

/** The addon's codec of each taking. */
function codecs(addon: Exports): (options: ZstdOptions, handles: Handles) => Codec {
  const made = new WeakMap<ZstdOptions, { readonly handles: Handles; readonly codec: Codec }>();
  return (options, handles) => {
    const known = made.get(options);
    if (known !== undefined && known.handles === handles) return known.codec;
    const codec = addon.Codec.open(settingsOf(options), handles.dictionary);
    callSync(() => codec.check(), makeError);
    made.set(options, { handles, codec });
    return codec;
  };
}

/** The kernel on the addon. Rejects where no addon can be loaded. */
export async function load(): Promise<CodecKernel<ZstdOptions>> {
  const addon = loadAddon<Exports>({ stem: 'zstd', packageName: '@chunker/codec-zstd', from: import.meta.url });
  return kernelOn(addon, openRoom(addon));
}

function kernelOn(addon: Exports, room: Room): CodecKernel<ZstdOptions> {
  const codecOf = codecs(addon);
  return {
    placement: 'away',
    costPerByte: (operation, { level }) => costPerByte(operation, level),
    memory: workingMemory,
    compressBound,
    ...compression(addon, room, codecOf),
    ...decompression(addon, room, codecOf),
    inspect: (data) => summary(callSync(() => addon.inspect(data), makeError)),
  };
}

type CodecOf = ReturnType<typeof codecs>;
type Half<Direction extends 'compress' | 'decompress'> = Required<
  Pick<
    CodecKernel<ZstdOptions>,
    Direction | `${Direction}Sync` | `${Direction}Into` | `${Direction}IntoSync` | `${Direction}Many` | `${Direction}ManySync` | `${Direction}or`
  >
>;

function compression(addon: Exports, room: Room, codecOf: CodecOf): Half<'compress'> {
  return {
    async compress(data, options, call) {
      const codec = codecOf(options, call.handles);
      return room.run<Uint8Array>((ticket, input) => codec.compress(ticket, input), { ...way(call), input: data });
    },
    compressSync(data, options, { handles }) {
      const codec = codecOf(options, handles);
      return callSync(() => codec.compressSync(data), makeError);
    },
    async compressInto(data, output, options, call) {
      const codec = codecOf(options, call.handles);
      return room.run<number>((ticket, input) => codec.compressInto(ticket, input, output), { ...way(call), input: data, into: output });
    },
    compressIntoSync(data, output, options, { handles }) {
      const codec = codecOf(options, handles);
      return callSync(() => codec.compressIntoSync(data, output), makeError);
    },
    async compressMany(buffer, { lengths, offsets }, options, call) {
      const codec = codecOf(options, call.handles);
      return batchOf(await room.run<Many>((ticket, input) => codec.compressMany(ticket, input, lengths, offsets), { ...way(call), input: buffer }));
    },
    compressManySync(buffer, { lengths, offsets }, options, { handles }) {
      const codec = codecOf(options, handles);
      return batchOf(callSync(() => codec.compressManySync(buffer, lengths, offsets), makeError));
    },
    compressor(options, call) {
      const small = AT_ONCE_NANOSECONDS / costPerByte('compress', options.level);
      return encoderPush(room, addon.Encoder.open(codecOf(options, call.handles)), call, small);
    },
  };
}

function decompression(addon: Exports, room: Room, codecOf: CodecOf): Half<'decompress'> {
  return {
    async decompress(data, options, call) {
      const codec = codecOf(options, call.handles);
      return room.run<Uint8Array>((ticket, input) => codec.decompress(ticket, input, ...limitsOf(call)), { ...way(call), input: data });
    },
    decompressSync(data, options, call) {
      const codec = codecOf(options, call.handles);
      return decodeHere(codec, data, call) ?? callSync(() => codec.decompressSync(data, ...limitsOf(call)), makeError);
    },
    async decompressInto(data, output, options, call) {
      const codec = codecOf(options, call.handles);
      const run = { ...way(call), input: data, into: output };
      return room.run<number>((ticket, input) => codec.decompressInto(ticket, input, output, ...limitsOf(call)), run);
    },
    decompressIntoSync(data, output, options, call) {
      const codec = codecOf(options, call.handles);
      return callSync(() => codec.decompressIntoSync(data, output, ...limitsOf(call)), makeError);
    },
    async decompressMany(buffer, { lengths, offsets }, options, call) {
      const codec = codecOf(options, call.handles);
      const start = (ticket: number, input: Uint8Array) => codec.decompressMany(ticket, input, lengths, offsets, ...limitsOf(call));
      return batchOf(await room.run<Many>(start, { ...way(call), input: buffer }));
    },
    decompressManySync(buffer, { lengths, offsets }, options, call) {
      const codec = codecOf(options, call.handles);
      return batchOf(callSync(() => codec.decompressManySync(buffer, lengths, offsets, ...limitsOf(call)), makeError));
    },
    decompressor: (options, call) => decoderPush(room, addon.Decoder.open(codecOf(options, call.handles), ...limitsOf(call)), call),
  };
}

/**
 * A small result of declared size is decoded into memory that JavaScript makes: from native code an ArrayBuffer costs a copy and more. Undefined where the size is not
 * declared, or not that of the whole input.
 */
function decodeHere(codec: Codec, data: Uint8Array, call: DecodeCall): Uint8Array | undefined {
  const bytes = declaredBytes(data);
  if (!(bytes > 0 && bytes <= MADE_HERE_BYTES && bytes <= call.limits.maxOutputBytes)) return undefined;
  // Memory of its own of exactly this size; nobody sees what was in it, because only a full one is handed out.
  const output = bytes <= CLEARED_BYTES ? new Uint8Array(bytes) : new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
  try {
    const written = callSync(() => codec.decompressIntoSync(data, output, ...limitsOf(call)), makeError);
    return written === bytes ? output : undefined;
  } catch (thrown) {
    if (isChunkerError(thrown, 'output_too_small')) return undefined;
    throw thrown;
  }
}

/** Core pushes one piece after the other. Pieces whose estimate is small are worked off at once. */
function encoderPush(room: Room, stream: Stream, call: Call, small: number): PushTransform {
  const run = way(call);
  const step = (data: Uint8Array, end: boolean) => {
    if (data.length <= small) return callSync(() => stream.pushSync(data, end), makeError);
    return room.run<Uint8Array>((ticket, input) => stream.push(ticket, input, end), { ...run, input: data });
  };
  return { push: (data) => step(data, false), finish: () => step(EMPTY, true), dispose: () => stream.end() };
}

/** A few bytes can hold gigabytes: what decoding costs is not known beforehand, so it never runs on the calling thread, and gives one piece of output a time. */
function decoderPush(room: Room, stream: Stream, call: Call): PushTransform {
  const run = way(call);
  const next = (data: Uint8Array, end: boolean) => room.run<Uint8Array>((ticket, input) => stream.push(ticket, input, end), { ...run, input: data });
  async function* from(first: Uint8Array, end: boolean): AsyncGenerator<Uint8Array> {
    let piece = first;
    for (; piece.length === PIECE_BYTES; piece = await next(EMPTY, end)) yield piece;
    yield piece;
  }
  const step = async (data: Uint8Array, end: boolean) => {
    const first = await next(data, end);
    return first.length < PIECE_BYTES ? first : from(first, end);
  };
  return { push: (data) => step(data, false), finish: () => step(EMPTY, true), dispose: () => stream.end() };
}

function summary(fields: Float64Array): FrameSummary {
  const [frames, contentBytes, windowBytes, dictionaryId, checksum, skippableBytes] = fields as unknown as [number, number, number, number, number, number];
  return {
    frames,
    ...(contentBytes < 0 ? {} : { contentBytes }),
    windowBytes,
    ...(dictionaryId === 0 ? {} : { dictionaryId }),
    checksum: checksum === 1,
    skippableBytes,
  };
}
