import { CompressionError, defineCodec, type PushTransform } from '@chunker/core';

const NOTHING = new Uint8Array(0);

const through = (): PushTransform => ({ push: (data) => data, finish: () => NOTHING });

function into(data: Uint8Array, output: Uint8Array): number {
  if (data.length > output.length) throw new CompressionError('output_too_small', { algorithm: 'identity', available: output.length, needed: data.length });
  output.set(data);
  return data.length;
}

/** The bytes as they are: for what is compressed already, and where a codec is asked for and none is wanted. Recognised by nothing. */
export const identity = defineCodec({
  name: 'identity',
  guarantees: { detectsTruncation: false, detectsCorruption: false, concatenable: true, deterministic: true },
  costPerByte: () => 0.1,
  compress: (data) => data.slice(),
  decompress(data, _options, { limits }) {
    limits.claim(data.length);
    return data.slice();
  },
  compressInto: into,
  decompressInto(data, output, _options, { limits }) {
    limits.claim(data.length);
    return into(data, output);
  },
  compressIntoSync: into,
  decompressIntoSync(data, output, _options, { limits }) {
    limits.claim(data.length);
    return into(data, output);
  },
  compressor: through,
  decompressor: through,
  compressBound: (bytes) => bytes,
});
