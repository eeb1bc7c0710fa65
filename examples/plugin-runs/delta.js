import { CompressionError, defineCodec } from '@chunker/core';
import * as z from 'zod';

/** Keeps differences between bytes that stand `distance` apart: the first byte of its data says how far. Makes samples and tables easier to compress. */
export const delta = defineCodec({
  name: 'delta',
  options: z.strictObject({ distance: z.int().min(1).max(255).default(1) }),
  guarantees: { deterministic: true },
  compressBound: (bytes) => bytes + 1,
  compress(data, { distance }) {
    const out = new Uint8Array(data.length + 1);
    out[0] = distance;
    for (let i = 0; i < data.length; i++) out[i + 1] = data[i] - (i < distance ? 0 : data[i - distance]);
    return out;
  },
  decompress(data, _options, { limits }) {
    if (data.length === 0) throw new CompressionError('truncated_input', { offset: 0 });
    const distance = data[0];
    if (distance === 0) throw new CompressionError('corrupt_data', { offset: 0, reason: 'a distance of 0' });
    limits.claim(data.length - 1);
    const out = new Uint8Array(data.length - 1);
    for (let i = 0; i < out.length; i++) out[i] = data[i + 1] + (i < distance ? 0 : out[i - distance]);
    return out;
  },
});
