import { type BatchOutput, type Call, type CodecKernel, CompressionError, type DecodeCall, type FrameSummary } from '@chunker/core';
import { callSync, loadAddon, type MakeError, openRoom, type Room, type RunOptions } from '@chunker/core/native';
import type { Codec, Exports, Limits, Many } from './addon.js';
import { costPerByte } from './cost.js';
import { MemoryGate } from './memory-gate.js';
import type { LzmaOptions, XzOptions } from './options.js';
import { decoderPush, encoderPush } from './push.js';

/** Numbers of the checks in stream flags. */
const CHECKS = { none: 0, crc32: 1, crc64: 4, sha256: 10 } as const;
/** Below this estimate a piece of a stream is compressed on the calling thread. */
const AT_ONCE_NANOSECONDS = 200_000;
/** Encoders of less wait for nobody. */
const LIGHT_BYTES = 16 << 20;

/** One of the two formats, with the way to the addon. */
interface Format<Options> {
  readonly name: 'xz' | 'lzma';
  readonly addon: Exports;
  readonly room: Room;
  readonly gate: MemoryGate;
  readonly makeError: MakeError;
  codecOf(options: Options): Codec;
}

/** What both algorithms have. */
interface Level {
  readonly level: number;
  readonly extreme: boolean;
  readonly dictionaryBytes?: number | undefined;
}

let gate: MemoryGate | undefined;

/** The kernel of `xz` on the addon. Rejects where no addon can be loaded. */
export async function loadXz(): Promise<CodecKernel<XzOptions>> {
  return kernelOn(openFormat<XzOptions>('xz', xzSettings));
}

/** The kernel of `lzma` on the addon. Rejects where no addon can be loaded. */
export async function loadLzma(): Promise<CodecKernel<LzmaOptions>> {
  return kernelOn(openFormat<LzmaOptions>('lzma', lzmaSettings));
}

function xzSettings({ level, extreme, check, dictionaryBytes, blockBytes }: XzOptions): Uint32Array {
  const bytes = typeof blockBytes === 'number' ? blockBytes : 0;
  const blocks = blockBytes === undefined ? 0 : blockBytes === 'auto' ? 1 : 2;
  return Uint32Array.of(0, level, extreme ? 1 : 0, CHECKS[check], dictionaryBytes ?? 0, blocks, bytes >>> 0, Math.floor(bytes / 2 ** 32));
}

function lzmaSettings({ level, extreme, dictionaryBytes }: LzmaOptions): Uint32Array {
  return Uint32Array.of(1, level, extreme ? 1 : 0, CHECKS.none, dictionaryBytes ?? 0, 0, 0, 0);
}

function openFormat<Options extends object>(name: 'xz' | 'lzma', settingsOf: (options: Options) => Uint32Array): Format<Options> {
  const addon = loadAddon<Exports>({ stem: 'xz', packageName: '@chunker/codec-xz', from: import.meta.url });
  gate ??= new MemoryGate(addon.memoryBudget());
  const makeError: MakeError = (code, details, parameters) => {
    const facts = code === 'unknown_format' ? { ...details, registered: [name] } : { algorithm: name, ...details };
    return new CompressionError(code, facts as typeof details, parameters);
  };
  const made = new WeakMap<Options, Codec>();
  const codecOf = (options: Options) => {
    const known = made.get(options);
    if (known !== undefined) return known;
    const codec = addon.Codec.open(settingsOf(options));
    callSync(() => codec.check(), makeError);
    made.set(options, codec);
    return codec;
  };
  return { name, addon, room: openRoom(addon), gate, makeError, codecOf };
}

function kernelOn<Options extends Level>(format: Format<Options>): CodecKernel<Options> {
  const { name, addon, makeError, codecOf } = format;
  return {
    placement: 'away',
    costPerByte: (operation, { level, extreme }) => costPerByte(operation, level, extreme),
    memory: (operation, options, bytes) => codecOf(options).workingMemory(operation === 'decompress', Math.min(bytes, Number.MAX_SAFE_INTEGER)),
    compressBound: (bytes, options) => codecOf(options).compressBound(bytes),
    ...compression(format),
    ...decompression(format),
    inspect: (data) => summary(callSync(() => addon.inspect(data, name === 'lzma'), makeError)),
  };
}

type Half<Options, Direction extends 'compress' | 'decompress'> = Required<
  Pick<
    CodecKernel<Options>,
    Direction | `${Direction}Sync` | `${Direction}Into` | `${Direction}IntoSync` | `${Direction}Many` | `${Direction}ManySync` | `${Direction}or`
  >
>;

const wayOf = ({ signal, inPlace, queue, priority }: Call, makeError: MakeError): RunOptions => ({ signal, inPlace, queue, priority, makeError });

function compression<Options extends Level>(format: Format<Options>): Half<Options, 'compress'> {
  const { addon, room, gate, makeError, codecOf } = format;
  /** As many at a time as there is memory for. */
  async function admitted<T>(codec: Codec, bytes: number, call: Call, work: () => Promise<T>): Promise<T> {
    const memory = codec.encoderMemory(bytes);
    if (memory < LIGHT_BYTES) return work();
    await gate.enter(memory, call.signal);
    try {
      return await work();
    } finally {
      gate.leave(memory);
    }
  }
  return {
    async compress(data, options, call) {
      const codec = codecOf(options);
      const run = { ...wayOf(call, makeError), input: data };
      return admitted(codec, data.length, call, () => room.run<Uint8Array>((ticket, input) => codec.compress(ticket, input), run));
    },
    compressSync: (data, options) => callSync(() => codecOf(options).compressSync(data), makeError),
    async compressInto(data, output, options, call) {
      const codec = codecOf(options);
      const run = { ...wayOf(call, makeError), input: data, into: output };
      return admitted(codec, data.length, call, () => room.run<number>((ticket, input) => codec.compressInto(ticket, input, output), run));
    },
    compressIntoSync: (data, output, options) => callSync(() => codecOf(options).compressIntoSync(data, output), makeError),
    async compressMany(buffer, { lengths, offsets }, options, call) {
      const codec = codecOf(options);
      const run = { ...wayOf(call, makeError), input: buffer };
      const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
      const work = () => room.run<Many>((ticket, input) => codec.compressMany(ticket, input, lengths, offsets), run);
      return batchOf(await admitted(codec, longest, call, work), makeError);
    },
    compressManySync: (buffer, { lengths, offsets }, options) =>
      batchOf(
        callSync(() => codecOf(options).compressManySync(buffer, lengths, offsets), makeError),
        makeError,
      ),
    compressor(options, call) {
      const codec = codecOf(options);
      const small = AT_ONCE_NANOSECONDS / costPerByte('compress', options.level, options.extreme);
      const way = { room, run: wayOf(call, makeError), makeError };
      return encoderPush(way, () => addon.Encoder.open(codec), codec.encoderMemory(Number.MAX_SAFE_INTEGER), gate, small, call.signal);
    },
  };
}

/** No limit crosses as the largest safe integer. */
const limitsOf = ({ limits, allowTrailing }: DecodeCall): Limits => [
  Math.min(limits.maxOutputBytes, Number.MAX_SAFE_INTEGER),
  Math.min(limits.maxMemoryBytes, Number.MAX_SAFE_INTEGER),
  allowTrailing,
];

function decompression<Options>({ addon, room, makeError, codecOf }: Format<Options>): Half<Options, 'decompress'> {
  return {
    async decompress(data, options, call) {
      const codec = codecOf(options);
      return room.run<Uint8Array>((ticket, input) => codec.decompress(ticket, input, ...limitsOf(call)), { ...wayOf(call, makeError), input: data });
    },
    decompressSync: (data, options, call) => callSync(() => codecOf(options).decompressSync(data, ...limitsOf(call)), makeError),
    async decompressInto(data, output, options, call) {
      const codec = codecOf(options);
      const run = { ...wayOf(call, makeError), input: data, into: output };
      return room.run<number>((ticket, input) => codec.decompressInto(ticket, input, output, ...limitsOf(call)), run);
    },
    decompressIntoSync: (data, output, options, call) => callSync(() => codecOf(options).decompressIntoSync(data, output, ...limitsOf(call)), makeError),
    async decompressMany(buffer, { lengths, offsets }, options, call) {
      const codec = codecOf(options);
      const start = (ticket: number, input: Uint8Array) => codec.decompressMany(ticket, input, lengths, offsets, ...limitsOf(call));
      return batchOf(await room.run<Many>(start, { ...wayOf(call, makeError), input: buffer }), makeError);
    },
    decompressManySync: (buffer, { lengths, offsets }, options, call) =>
      batchOf(
        callSync(() => codecOf(options).decompressManySync(buffer, lengths, offsets, ...limitsOf(call)), makeError),
        makeError,
      ),
    decompressor: (options, call) => decoderPush({ room, run: wayOf(call, makeError), makeError }, addon.Decoder.open(codecOf(options), ...limitsOf(call))),
  };
}

function batchOf([buffer, lengths, failed, faults]: Many, makeError: MakeError): BatchOutput {
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

function summary(fields: Float64Array): FrameSummary {
  const [frames, blocks, contentBytes, windowBytes, check, skippableBytes] = fields as unknown as [number, number, number, number, number, number];
  const name = Object.entries(CHECKS).find(([, number]) => number === check)?.[0];
  return {
    frames,
    ...(blocks < 0 ? {} : { blocks }),
    ...(contentBytes < 0 ? {} : { contentBytes }),
    windowBytes,
    checksum: check > 0,
    ...(name === undefined ? {} : { check: name }),
    skippableBytes,
  };
}
