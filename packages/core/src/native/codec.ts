import type { BatchOutput, Call, CodecKernel, DecodeCall, FrameSummary, Handles } from '../contracts/index.js';
import { CompressionError, isChunkerError } from '../errors/index.js';
import type { CodecAddon, NativeCodec, NativeLimits, NativeMany } from './codec-addon.js';
import { decoderPush, encoderPush } from './codec-push.js';
import { callSync, type MakeError } from './faults.js';
import { type AddonSource, loadAddon } from './load.js';
import { MemoryGate } from './memory-gate.js';
import { openRoom, type Room, type RunOptions } from './room.js';

type Direction = 'compress' | 'decompress';

/** What a package says of its codec on an addon made with `codec_doors!`; its native kernel follows. */
export interface NativeCodecSettings<Options extends object, Codec extends NativeCodec, Exports extends CodecAddon<Codec>> extends AddonSource {
  /** The algorithm, for its errors. */
  readonly name: string;
  /** The addon's codec with these options, which the addon checks. Once for each taking. */
  open(addon: Exports, options: Options, handles: Handles): Codec;
  /** Nanoseconds per byte of input. */
  costPerByte(direction: string, options: Options): number;
  /** Bytes that a call on so many bytes works with beside input and output; of a stream for `Infinity`. */
  memory(direction: Direction, options: Options, bytes: number, codec: () => Codec): number;
  compressBound(bytes: number, options: Options, codec: () => Codec): number;
  inspect(addon: Exports, data: Uint8Array): FrameSummary;
  /** Bytes that an encoder takes for so many bytes of content, where encoders are so heavy that they wait for each other. Of a stream for the largest safe integer. */
  encoderMemory?(codec: Codec, bytes: number): number;
  /** The content size by the first header, a hint: negative or NaN where there is none. Small results of that size are then decoded into memory that JavaScript makes. */
  declaredBytes?(data: Uint8Array): number;
}

/** Below this estimate a piece of a stream is compressed on the calling thread. */
const AT_ONCE_NANOSECONDS = 200_000;
/** Encoders of less wait for nobody. */
const LIGHT_BYTES = 16 << 20;
/** Results that `decompressSync` makes memory for by what the first header declares: larger ones native code hands over. */
const MADE_HERE_BYTES = 256 << 10;
/** Up to this size memory that JavaScript clears is cheaper than memory that it does not: the way there is shorter, and what is cleared is in the cache when it is written. */
const CLEARED_BYTES = 8 << 10;

/** One gate for each addon: its algorithms share a budget. */
const GATES = new WeakMap<object, MemoryGate>();

/** What the operations of one algorithm lean on. */
interface Bound<Options, Codec extends NativeCodec> {
  readonly addon: CodecAddon<Codec>;
  readonly room: Room;
  readonly gate: MemoryGate;
  readonly makeError: MakeError;
  codecOf(options: Options, handles: Handles): Codec;
  costPerByte(direction: string, options: Options): number;
  encoderMemory(codec: Codec, bytes: number): number;
  readonly declaredBytes: ((data: Uint8Array) => number) | undefined;
}

/**
 * The native kernel of a codec: loads its addon and makes all operations of its doors.
 *
 * @throws Error as `loadAddon` does, where no addon can be loaded
 */
export function loadCodec<Options extends object, Codec extends NativeCodec, Exports extends CodecAddon<Codec>>(
  settings: NativeCodecSettings<Options, Codec, Exports>,
): CodecKernel<Options> {
  const { name } = settings;
  const addon = loadAddon<Exports>(settings);
  const makeError: MakeError = (code, details, parameters) => {
    const facts = code === 'unknown_format' ? { ...details, registered: [name] } : { algorithm: name, ...details };
    return new CompressionError(code, facts as typeof details, parameters);
  };
  const made = new WeakMap<Options, { readonly handles: Handles; readonly codec: Codec }>();
  const codecOf = (options: Options, handles: Handles) => {
    const known = made.get(options);
    if (known !== undefined && known.handles === handles) return known.codec;
    const codec = settings.open(addon, options, handles);
    callSync(() => codec.check(), makeError);
    made.set(options, { handles, codec });
    return codec;
  };
  const anyOf = (options: Options) => () => made.get(options)?.codec ?? codecOf(options, NO_HANDLES);
  const gate = GATES.get(addon) ?? new MemoryGate(addon.memoryBudget());
  GATES.set(addon, gate);
  const bound: Bound<Options, Codec> = {
    addon,
    room: openRoom(addon),
    gate,
    makeError,
    codecOf,
    costPerByte: settings.costPerByte,
    encoderMemory: settings.encoderMemory ?? (() => 0),
    declaredBytes: settings.declaredBytes,
  };
  return {
    placement: 'away',
    costPerByte: settings.costPerByte,
    memory: (direction, options, bytes) => settings.memory(direction, options, bytes, anyOf(options)),
    compressBound: (bytes, options) => settings.compressBound(bytes, options, anyOf(options)),
    ...compression(bound),
    ...decompression(bound),
    inspect: (data) => callSync(() => settings.inspect(addon, data), makeError),
  };
}

const NO_HANDLES: Handles = Object.freeze({});

type Half<Options, Side extends Direction> = Required<
  Pick<CodecKernel<Options>, Side | `${Side}Sync` | `${Side}Into` | `${Side}IntoSync` | `${Side}Many` | `${Side}ManySync` | `${Side}or`>
>;

const wayOf = ({ signal, inPlace, queue, priority }: Call, makeError: MakeError): RunOptions => ({ signal, inPlace, queue, priority, makeError });

function compression<Options, Codec extends NativeCodec>(bound: Bound<Options, Codec>): Half<Options, 'compress'> {
  const { addon, room, gate, makeError, codecOf } = bound;
  /** As many at a time as there is memory for. */
  async function admitted<T>(codec: Codec, bytes: number, call: Call, work: () => Promise<T>): Promise<T> {
    const memory = bound.encoderMemory(codec, bytes);
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
      const codec = codecOf(options, call.handles);
      const run = { ...wayOf(call, makeError), input: data };
      return admitted(codec, data.length, call, () => room.run<Uint8Array>((ticket, input) => codec.compress(ticket, input), run));
    },
    compressSync(data, options, { handles }) {
      const codec = codecOf(options, handles);
      return callSync(() => codec.compressSync(data), makeError);
    },
    async compressInto(data, output, options, call) {
      const codec = codecOf(options, call.handles);
      const run = { ...wayOf(call, makeError), input: data, into: output };
      return admitted(codec, data.length, call, () => room.run<number>((ticket, input) => codec.compressInto(ticket, input, output), run));
    },
    compressIntoSync(data, output, options, { handles }) {
      const codec = codecOf(options, handles);
      return callSync(() => codec.compressIntoSync(data, output), makeError);
    },
    async compressMany(buffer, { lengths, offsets }, options, call) {
      const codec = codecOf(options, call.handles);
      const run = { ...wayOf(call, makeError), input: buffer };
      const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
      const work = () => room.run<NativeMany>((ticket, input) => codec.compressMany(ticket, input, lengths, offsets), run);
      return batchOf(await admitted(codec, longest, call, work), makeError);
    },
    compressManySync(buffer, { lengths, offsets }, options, { handles }) {
      const codec = codecOf(options, handles);
      const many = callSync(() => codec.compressManySync(buffer, lengths, offsets), makeError);
      return batchOf(many, makeError);
    },
    compressor(options, call) {
      const codec = codecOf(options, call.handles);
      const small = AT_ONCE_NANOSECONDS / bound.costPerByte('compress', options);
      const entry = { gate, bytes: bound.encoderMemory(codec, Number.MAX_SAFE_INTEGER), signal: call.signal };
      return encoderPush({ room, run: wayOf(call, makeError), makeError }, () => addon.Encoder.open(codec), entry, small);
    },
  };
}

/** No limit crosses as the largest safe integer. */
const limitsOf = ({ limits, allowTrailing }: DecodeCall): NativeLimits => [
  Math.min(limits.maxOutputBytes, Number.MAX_SAFE_INTEGER),
  Math.min(limits.maxMemoryBytes, Number.MAX_SAFE_INTEGER),
  allowTrailing,
];

function decompression<Options, Codec extends NativeCodec>(bound: Bound<Options, Codec>): Half<Options, 'decompress'> {
  const { addon, room, makeError, codecOf, declaredBytes } = bound;
  return {
    async decompress(data, options, call) {
      const codec = codecOf(options, call.handles);
      return room.run<Uint8Array>((ticket, input) => codec.decompress(ticket, input, ...limitsOf(call)), { ...wayOf(call, makeError), input: data });
    },
    decompressSync(data, options, call) {
      const codec = codecOf(options, call.handles);
      const here = declaredBytes === undefined ? undefined : decodeHere(codec, data, declaredBytes(data), call, makeError);
      return here ?? callSync(() => codec.decompressSync(data, ...limitsOf(call)), makeError);
    },
    async decompressInto(data, output, options, call) {
      const codec = codecOf(options, call.handles);
      const run = { ...wayOf(call, makeError), input: data, into: output };
      return room.run<number>((ticket, input) => codec.decompressInto(ticket, input, output, ...limitsOf(call)), run);
    },
    decompressIntoSync(data, output, options, call) {
      const codec = codecOf(options, call.handles);
      return callSync(() => codec.decompressIntoSync(data, output, ...limitsOf(call)), makeError);
    },
    async decompressMany(buffer, { lengths, offsets }, options, call) {
      const codec = codecOf(options, call.handles);
      const start = (ticket: number, input: Uint8Array) => codec.decompressMany(ticket, input, lengths, offsets, ...limitsOf(call));
      return batchOf(await room.run<NativeMany>(start, { ...wayOf(call, makeError), input: buffer }), makeError);
    },
    decompressManySync(buffer, { lengths, offsets }, options, call) {
      const codec = codecOf(options, call.handles);
      const many = callSync(() => codec.decompressManySync(buffer, lengths, offsets, ...limitsOf(call)), makeError);
      return batchOf(many, makeError);
    },
    decompressor(options, call) {
      const stream = addon.Decoder.open(codecOf(options, call.handles), ...limitsOf(call));
      return decoderPush({ room, run: wayOf(call, makeError), makeError }, stream);
    },
  };
}

/**
 * A small result of declared size is decoded into memory that JavaScript makes: from native code an ArrayBuffer costs a copy and more. Undefined where the size is not declared, or not that of the whole
 * input.
 */
function decodeHere(codec: NativeCodec, data: Uint8Array, bytes: number, call: DecodeCall, makeError: MakeError): Uint8Array | undefined {
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

function batchOf([buffer, lengths, failed, faults]: NativeMany, makeError: MakeError): BatchOutput {
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
