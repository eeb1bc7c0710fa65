import { type BatchOutput, CompressionError, type DecodeCall, defineCodec, type Pieces, type PushTransform, type Ranges } from '@chunker/core';
import { concat } from '../../src/bytes.js';
import { bodiesOf, decodeFrames, encodeFrame, FRAMES, piecesOf } from './frames.js';
import type { BrokenPlugin } from './gallery.js';

const opened = (data: Uint8Array, call: DecodeCall) => decodeFrames(data, call);

function many(buffer: Uint8Array, ranges: Ranges, single: (item: Uint8Array) => Uint8Array): { parts: Uint8Array[]; errors: Map<number, Error> } {
  const parts: Uint8Array[] = [];
  const errors = new Map<number, Error>();
  let running = 0;
  for (const [i, length] of ranges.lengths.entries()) {
    const at = ranges.offsets?.[i] ?? running;
    running += length;
    try {
      parts.push(single(buffer.slice(at, at + length)));
    } catch (error) {
      parts.push(new Uint8Array());
      errors.set(i, error as Error);
    }
  }
  return { parts, errors };
}

export function batchOutput(parts: readonly Uint8Array[], errors: Map<number, Error> = new Map()): BatchOutput {
  return { buffer: concat(...parts), lengths: Uint32Array.from(parts, (part) => part.length), errors };
}

/** A push form that keeps everything until the end. */
export function collecting(
  finish: (all: Uint8Array) => Pieces,
  take = (piece: Uint8Array, _all: Uint8Array[]): Uint8Array | undefined => piece,
): PushTransform {
  const all: Uint8Array[] = [];
  return {
    push(piece) {
      const kept = take(piece, all);
      if (kept !== undefined) all.push(kept.slice());
      return new Uint8Array();
    },
    finish: () => finish(concat(...all)),
  };
}

const REMEMBERED = new Map<string, Uint8Array>();

/** Codecs whose additional doors do not give what the plain ones give. */
export const BROKEN_DOORS: readonly BrokenPlugin[] = [
  {
    fault: 'compress forgets the last byte of longer inputs',
    definition: defineCodec({ name: 'forgetful', ...FRAMES, compress: (data) => encodeFrame(data.length > 9 ? data.subarray(0, -1) : data) }),
    breaks: 'codec.round-trip',
  },
  {
    fault: 'decompressSync does not look at checksums',
    definition: defineCodec({
      name: 'hasty-twin',
      ...FRAMES,
      decompress: async (data, _options, call) => opened(data, call),
      compressSync: encodeFrame,
      decompressSync: (data, _options, call) => decodeFrames(data, call, { checked: false }),
    }),
    breaks: 'codec.sync-equals-async',
  },
  {
    fault: 'compressInto returns the room it was given instead of what it wrote',
    definition: defineCodec({
      name: 'miscounting',
      ...FRAMES,
      compressInto(data, output) {
        const frame = encodeFrame(data);
        if (frame.length > output.length) throw new CompressionError('output_too_small', { available: output.length, needed: frame.length });
        output.set(frame);
        return output.length;
      },
    }),
    breaks: 'codec.into-equals-plain',
  },
  {
    fault: 'decompressInto demands a byte more than it needs',
    definition: defineCodec({
      name: 'wasteful',
      ...FRAMES,
      decompressInto(data, output, _options, call) {
        const content = opened(data, call);
        if (content.length >= output.length) throw new CompressionError('output_too_small', { available: output.length, needed: content.length + 1 });
        output.set(content);
        return content.length;
      },
    }),
    breaks: 'codec.into-equals-plain',
  },
  {
    fault: 'decompressInto writes what fits and says nothing of the rest',
    definition: defineCodec({
      name: 'cutting-off',
      ...FRAMES,
      decompressInto(data, output, _options, call) {
        const content = opened(data, call).subarray(0, output.length);
        output.set(content);
        return content.length;
      },
    }),
    breaks: 'codec.output-too-small',
  },
  {
    fault: 'compressInto lets the RangeError of a too small output through',
    definition: defineCodec({
      name: 'throwing-ranges',
      ...FRAMES,
      compressInto(data, output) {
        const frame = encodeFrame(data);
        output.set(frame);
        return frame.length;
      },
    }),
    breaks: 'codec.output-too-small',
  },
  {
    fault: 'decompressInto leaves scratch bytes behind the result',
    definition: defineCodec({
      name: 'untidy',
      ...FRAMES,
      decompressInto(data, output, _options, call) {
        const content = opened(data, call);
        if (content.length > output.length) throw new CompressionError('output_too_small', { available: output.length, needed: content.length });
        output.fill(0x77);
        output.set(content);
        return content.length;
      },
    }),
    breaks: 'codec.into-leaves-the-rest',
  },
  {
    fault: 'compressInto writes to the whole buffer behind the view',
    definition: defineCodec({
      name: 'overreaching',
      ...FRAMES,
      compressInto(data, output) {
        const frame = encodeFrame(data);
        if (frame.length > output.length) throw new CompressionError('output_too_small', { available: output.length, needed: frame.length });
        new Uint8Array(output.buffer).fill(0, output.byteOffset + output.length);
        output.set(frame);
        return frame.length;
      },
    }),
    breaks: 'codec.into-leaves-the-rest',
  },
  {
    fault: 'the push compressor takes a piece of one byte for the end',
    definition: defineCodec({
      name: 'ending-early',
      ...FRAMES,
      compressor() {
        let ended = false;
        return collecting(encodeFrame, (piece) => {
          const last = ended;
          ended ||= piece.length === 1;
          return last ? undefined : piece;
        });
      },
    }),
    breaks: 'codec.compressing-in-pieces',
  },
  {
    fault: 'the push compressor keeps views of the pieces until the end',
    definition: defineCodec({
      name: 'keeping-views',
      ...FRAMES,
      compressor() {
        const all: Uint8Array[] = [];
        return { push: (piece) => new Uint8Array(all.push(piece) * 0), finish: () => encodeFrame(concat(...all)) };
      },
    }),
    breaks: 'codec.pieces-are-not-kept',
  },
  {
    fault: 'compress remembers what it made by length and first byte',
    definition: defineCodec({
      name: 'mistaking',
      ...FRAMES,
      compress(data) {
        const key = `${data.length} ${data[0]}`;
        if (data.length < 40) return encodeFrame(data);
        const made = REMEMBERED.get(key) ?? encodeFrame(data);
        REMEMBERED.set(key, made);
        return made.slice();
      },
    }),
    breaks: 'codec.round-trip',
  },
  {
    fault: 'the push decompressor wants the whole header in the first piece',
    definition: defineCodec({
      name: 'impatient',
      ...FRAMES,
      decompressor: (_options, call) =>
        collecting(
          (all) => piecesOf(bodiesOf(all, call)),
          (piece, all) => {
            if (all.length === 0 && piece.length < 12) throw new CompressionError('truncated_input', {});
            return piece;
          },
        ),
    }),
    breaks: 'codec.decompressing-in-pieces',
  },
  {
    fault: 'the push decompressor accepts data that end too early',
    definition: defineCodec({
      name: 'trusting',
      ...FRAMES,
      decompressor: (_options, call) =>
        collecting((all) => {
          try {
            return piecesOf(bodiesOf(all, call));
          } catch (error) {
            if (error instanceof CompressionError && error.code === 'truncated_input') return new Uint8Array();
            throw error;
          }
        }),
    }),
    breaks: 'codec.decompressing-in-pieces',
  },
  {
    fault: 'the push decompressor gives all that a piece holds at once',
    definition: defineCodec({ name: 'bursting', ...FRAMES, decompressor: (_options, call) => collecting((all) => opened(all, call)) }),
    breaks: 'codec.bounded-pieces',
  },
  {
    fault: 'the push decompressor makes all pieces before it gives the first',
    definition: defineCodec({ name: 'hoarding', ...FRAMES, decompressor: (_options, call) => collecting((all) => [...piecesOf(bodiesOf(all, call))]) }),
    breaks: 'codec.bounded-pieces',
  },
  {
    fault: 'compressMany gives the results in reverse order',
    definition: defineCodec({
      name: 'backwards',
      ...FRAMES,
      compressMany: (buffer, ranges) => batchOutput(many(buffer, ranges, encodeFrame).parts.reverse()),
    }),
    breaks: 'codec.compress-batch-equals-single',
  },
  {
    fault: 'compressMany does not look at the offsets of the ranges',
    definition: defineCodec({
      name: 'contiguous',
      ...FRAMES,
      compressMany: (buffer, { lengths }) => batchOutput(many(buffer, { lengths }, encodeFrame).parts),
    }),
    breaks: 'codec.compress-batch-equals-single',
  },
  {
    fault: 'decompressMany gives up at the first item that fails',
    definition: defineCodec({
      name: 'giving-up',
      ...FRAMES,
      decompressMany(buffer, ranges, _options, call) {
        const { parts, errors } = many(buffer, ranges, (item) => opened(item, call));
        const [first] = errors.keys();
        for (let i = first ?? parts.length; i < parts.length; i++) {
          parts[i] = new Uint8Array();
          errors.set(i, errors.get(first as number) as Error);
        }
        return batchOutput(parts, errors);
      },
    }),
    breaks: 'codec.decompress-batch-equals-single',
  },
];
