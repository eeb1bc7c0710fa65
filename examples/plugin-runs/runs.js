import { CompressionError, defineCodec } from '@chunker/core';

const MAGIC = [0x52, 0x55, 0x4e, 0x31]; // RUN1, then pairs of count and byte, then a zero

export const runs = defineCodec({
  name: 'runs',
  magicBytes: MAGIC,
  guarantees: { detectsTruncation: true, deterministic: true },
  compressBound: (bytes) => 5 + 2 * bytes,
  compress(data) {
    const out = [...MAGIC];
    for (let at = 0, count = 1; at < data.length; at += count, count = 1) {
      while (count < 255 && at + count < data.length && data[at + count] === data[at]) count++;
      out.push(count, data[at]);
    }
    return Uint8Array.from([...out, 0]);
  },
  decompress(data, _options, { limits, allowTrailing }) {
    let end = 4;
    let size = 0;
    for (; data[end] > 0; end += 2) size += data[end];
    if (MAGIC.some((byte, i) => i < data.length && byte !== data[i])) throw new CompressionError('corrupt_data', { offset: 0 });
    if (end >= data.length) throw new CompressionError('truncated_input', { offset: data.length });
    const trailingBytes = data.length - end - 1;
    if (trailingBytes > 0 && !allowTrailing) throw new CompressionError('trailing_data', { offset: end + 1, trailingBytes });
    limits.claim(size); // before the memory is taken
    const out = new Uint8Array(size);
    for (let i = 4, at = 0; i < end; at += data[i], i += 2) out.fill(data[i + 1], at, at + data[i]);
    return out;
  },
});
