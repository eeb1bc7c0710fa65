import { defineHash } from '@chunker/core';

/** CRC-32 as in gzip and PNG (ISO 3309): four bytes, the most significant first. */
export const crc32 = defineHash({
  name: 'crc32',
  digestLength: 4,
  kernels: {
    // zlib has it from Node 20.15 on: where it is missing, the next kernel is taken.
    platform: async () => {
      const zlib = await import('node:zlib');
      if (typeof zlib.crc32 !== 'function') throw new Error('this runtime has no zlib.crc32');
      return { hash: (data) => bigEndian(zlib.crc32(data)) };
    },
    js: async () => ({ hash: (data) => bigEndian(slowCrc32(data)) }),
  },
});

function bigEndian(value) {
  const digest = new Uint8Array(4);
  new DataView(digest.buffer).setUint32(0, value);
  return digest;
}

function slowCrc32(data) {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
