import { CompressionError, defineCodec } from '@chunker/core';
import { hex } from '@chunker/core/encoding';

export const hexText = defineCodec({
  name: 'hex-text',
  compressBound: (bytes) => 2 * bytes,
  compress: (data) => new TextEncoder().encode(hex.encode(data)),
  decompress(data, _options, { limits }) {
    limits.claim(Math.floor(data.length / 2));
    try {
      return hex.decode(new TextDecoder().decode(data));
    } catch (cause) {
      throw new CompressionError('corrupt_data', { offset: 0 }, { cause });
    }
  },
});
