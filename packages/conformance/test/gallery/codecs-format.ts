import { CompressionError, type DecodeCall, defineCodec } from '@chunker/core';
import { concat } from '../../src/bytes.js';
import { ALL_GUARANTEES, decodeFrames, encodeFrame, FRAMES, MAGIC } from './frames.js';
import type { BrokenPlugin } from './gallery.js';

/** Pairs of count and byte and nothing else: no end, no checksum. */
const pairs = {
  compress: (data: Uint8Array) => encodeFrame(data).slice(12, -4),
  decompress(data: Uint8Array, _options: unknown, call: DecodeCall) {
    if (data.length % 2 === 1) throw new CompressionError('truncated_input', {});
    const total = data.reduce((sum, count, i) => (i % 2 === 0 ? sum + count : sum), 0);
    call.limits.claim(total);
    const output = new Uint8Array(total);
    for (let i = 0, at = 0; i < data.length; at += data[i] as number, i += 2) output.fill(data[i + 1] as number, at, at + (data[i] as number));
    return output;
  },
};

function placed(bytes: Uint8Array, output: Uint8Array): number {
  if (bytes.length > output.length) throw new CompressionError('output_too_small', { available: output.length, needed: bytes.length });
  output.set(bytes);
  return bytes.length;
}

const { magicBytes: _magicBytes, ...NO_MAGIC } = FRAMES;

const takings = new WeakMap<object, number>();
let taken = 0;

/** Which taking it is: its handles are the same object for every call. */
function takingOf(handles: object): number {
  if (!takings.has(handles)) takings.set(handles, taken++);
  return takings.get(handles) as number;
}

/** Codecs whose format does not hold what they promise of it. */
export const BROKEN_FORMATS: readonly BrokenPlugin[] = [
  {
    fault: 'claims a byte more than it decodes, so that a result of exactly the limit is refused',
    definition: defineCodec({
      name: 'overclaiming',
      ...FRAMES,
      decompress(data, _options, call) {
        const output = decodeFrames(data, call);
        if (output.length > 0) call.limits.claim(output.length + 1);
        return output;
      },
      decompressInto: (data, output, _options, call) => placed(decodeFrames(data, call), output),
    }),
    breaks: 'codec.limits',
  },
  {
    fault: 'decodes first and claims afterwards',
    definition: defineCodec({
      name: 'late-claiming',
      ...FRAMES,
      decompress(data, _options, call) {
        const output = decodeFrames(data, { ...call, limits: { ...call.limits, claim() {} } });
        call.limits.claim(output.length);
        return output;
      },
    }),
    breaks: 'codec.limit-before-memory',
  },
  {
    fault: 'promises to see truncation, and its format has no end',
    definition: defineCodec({ name: 'endless', ...pairs, guarantees: { detectsTruncation: true, deterministic: true } }),
    breaks: 'codec.truncation',
  },
  {
    fault: 'promises to see corruption, and does not look at its checksum',
    definition: defineCodec({ name: 'unchecked', ...FRAMES, decompress: (data, _options, call) => decodeFrames(data, call, { checked: false }) }),
    breaks: 'codec.bit-flips',
  },
  {
    fault: 'reads frames as long as there are any and does not look at what follows',
    definition: defineCodec({
      name: 'careless',
      ...FRAMES,
      decompress: (data, _options, call) => decodeFrames(data, { ...call, allowTrailing: true }),
    }),
    breaks: 'codec.trailing-data',
  },
  {
    fault: 'refuses what follows, also where that is allowed',
    definition: defineCodec({
      name: 'strict',
      ...FRAMES,
      decompress: (data, _options, call) => decodeFrames(data, { ...call, allowTrailing: false }),
    }),
    breaks: 'codec.trailing-data',
  },
  {
    fault: 'promises that its data can be concatenated, and reads one frame',
    definition: defineCodec({
      name: 'single-frame',
      ...FRAMES,
      decompress: (data, _options, call) => decodeFrames(data, call, { oneFrame: true }),
    }),
    breaks: 'codec.concatenation',
  },
  {
    fault: 'promises determinism, and puts an empty frame before all frames of every second taking',
    definition: defineCodec({
      name: 'moody',
      ...FRAMES,
      guarantees: { ...ALL_GUARANTEES, detectsTruncation: false },
      handles: { seed: { description: 'nothing of use' } },
      compress: (data, _options, { handles }) => (takingOf(handles) % 2 === 0 ? concat(encodeFrame(new Uint8Array()), encodeFrame(data)) : encodeFrame(data)),
      compressBound: (bytes) => 64 + 2 * bytes,
    }),
    settings: { handles: { seed: new Uint8Array(1) } },
    breaks: 'codec.determinism',
  },
  {
    fault: 'compressBound says that data never grow',
    definition: defineCodec({ name: 'optimistic', ...FRAMES, compressBound: (bytes) => bytes }),
    breaks: 'codec.compress-bound',
  },
  {
    fault: 'its magic bytes are not those it writes',
    definition: defineCodec({ name: 'misnamed', ...FRAMES, magicBytes: [...MAGIC].reverse() }),
    breaks: 'codec.recognition',
  },
  {
    fault: 'recognise says yes to everything',
    definition: defineCodec({ ...NO_MAGIC, name: 'greedy', recognise: () => true }),
    breaks: 'codec.detection-is-total',
  },
  {
    fault: 'inspect tells the size of the body as that of the content',
    definition: defineCodec({
      name: 'misreading',
      ...FRAMES,
      inspect(data) {
        if (data.length < 12) throw new CompressionError('truncated_input', {});
        return { frames: 1, contentBytes: new DataView(data.buffer, data.byteOffset).getUint32(8, true) };
      },
    }),
    breaks: 'codec.inspect',
  },
  {
    fault: 'inspect reads behind the end of short heads',
    definition: defineCodec({
      name: 'peeking',
      ...FRAMES,
      inspect: (data) => ({ frames: 1, contentBytes: new DataView(data.buffer, data.byteOffset, data.length).getUint32(4, true) }),
    }),
    breaks: 'codec.inspect',
  },
  {
    fault: 'throws a plain Error at data that it cannot read',
    definition: defineCodec({
      name: 'plain-speaking',
      ...FRAMES,
      decompress(data, _options, call) {
        try {
          return decodeFrames(data, call);
        } catch (error) {
          if (error instanceof CompressionError && error.code === 'checksum_mismatch') throw new Error('bad checksum');
          throw error;
        }
      },
    }),
    breaks: 'codec.errors-are-typed',
  },
  {
    fault: 'its two kernels write two formats',
    definition: defineCodec({
      name: 'divided',
      guarantees: ALL_GUARANTEES,
      magicBytes: FRAMES.magicBytes,
      kernels: {
        platform: async () => ({ compress: encodeFrame, decompress: (data, _options, call) => decodeFrames(data, call) }),
        js: async () => ({
          compress: (data) => encodeFrame(data.map((byte) => ~byte)),
          decompress: (data, _options, call) => decodeFrames(data, call).map((byte) => ~byte),
        }),
      },
    }),
    breaks: 'codec.kernels-agree',
  },
  {
    fault: 'declares an effort with options that it has not',
    definition: defineCodec({
      name: 'overstretched',
      ...FRAMES,
      efforts: { smallest: { options: { level: 9 }, nanosecondsPerByte: 1, ratio: 0.1 } },
    }),
    breaks: 'codec.efforts-can-be-taken',
  },
];
