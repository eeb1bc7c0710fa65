import type { ByteStream, Codec } from '@chunker/core';
import fc from 'fast-check';
import { scribble } from '../../bytes.js';
import { damages } from '../../inputs/damage.js';
import { law } from '../../law.js';
import { expectSameBytes, outcomeOf } from '../../outcome.js';
import { collect } from './operations.js';

/** Ways through which a stream goes; they share the codec's push form, so one law looks at all. */
const WAYS = ['iterated', 'as a Web stream', 'as a Node stream', 'through a TransformStream'] as const;
type Way = (typeof WAYS)[number];

const through: Readonly<
  Record<Way, (stream: () => ByteStream, transform: () => TransformStream<Uint8Array, Uint8Array>, source: Iterable<Uint8Array>) => Promise<Uint8Array>>
> = {
  iterated: (stream) => collect(stream()),
  'as a Web stream': (stream) => collect(read(stream().toWeb())),
  'as a Node stream': (stream) => collect(stream().toNode()),
  'through a TransformStream': (_stream, transform, source) => collect(read(readable(source).pipeThrough(transform()))),
};

async function* read(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

function readable(source: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const pieces = source[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      const next = pieces.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
  });
}

const ways = () => fc.constantFrom(...(typeof process === 'undefined' ? WAYS.filter((way) => way !== 'as a Node stream') : WAYS));

function compressPieces(codec: Codec, way: Way, source: Iterable<Uint8Array>): Promise<Uint8Array> {
  return through[way](
    () => codec.compressStream(source),
    () => codec.compressor(),
    source,
  );
}

function decompressPieces(codec: Codec, way: Way, source: Iterable<Uint8Array>): Promise<Uint8Array> {
  return through[way](
    () => codec.decompressStream(source),
    () => codec.decompressor(),
    source,
  );
}

export const compressingInPieces = law({
  id: 'codec.compressing-in-pieces',
  kind: 'codec',
  promise: 'Compressing a stream, however it is split, gives data that decompress to what the whole input would.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, inputs.split, ways(), async (sample, split, way) => {
      const whole = await outcomeOf(async () => codec.decompress(await codec.compress(sample.fresh())));
      if (!whole.ok) return;
      const found = await outcomeOf(async () => codec.decompress(await compressPieces(codec, way, split.pieces(sample.fresh()))));
      expectSameBytes(`the stream ${split}, ${way}`, whole, found);
    }),
});

/** The pieces of a source that has one buffer: each is written over when the next is asked for. */
function* overwritten(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const piece of pieces) {
    yield piece;
    scribble(piece);
  }
}

export const piecesAreNotKept = law({
  id: 'codec.pieces-are-not-kept',
  kind: 'codec',
  promise: 'Input is never kept: a piece of a stream may be written over once the next one is asked for.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, inputs.split, fc.boolean(), async (sample, split, packing) => {
      const packed = await outcomeOf(() => codec.compress(sample.fresh()));
      if (!packed.ok) return;
      const data = packing ? sample.fresh() : packed.value;
      const run = async (source: Iterable<Uint8Array>) =>
        packing ? codec.decompress(await collect(codec.compressStream(source))) : collect(codec.decompressStream(source));
      const honest = await outcomeOf(() => run(split.pieces(data)));
      const found = await outcomeOf(() => run(overwritten(split.pieces(data))));
      expectSameBytes(`${packing ? 'compressing' : 'decompressing'} ${split}, each overwritten before the next`, honest, found);
    }),
});

export const decompressingInPieces = law({
  id: 'codec.decompressing-in-pieces',
  kind: 'codec',
  promise: 'Decompressing a stream, however it is split, gives what the whole gives; what the whole refuses, the stream refuses.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, damages(), inputs.split, ways(), async (sample, damage, split, way) => {
      const packed = await outcomeOf(() => codec.compress(sample.fresh()));
      if (!packed.ok) return;
      const data = damage.apply(packed.value);
      const whole = await outcomeOf(() => codec.decompress(data.slice()));
      expectSameBytes(`the stream ${split}, ${way}`, whole, await outcomeOf(() => decompressPieces(codec, way, split.pieces(data))));
    }),
});
