import { brotli, deflate, gzip, identity } from '@chunker/basics';
import { lzma, xz } from '@chunker/codec-xz';
import { zstd } from '@chunker/codec-zstd';
import { isChunkerError, Registry } from '@chunker/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const registry = Registry.of(identity, gzip, deflate, brotli, xz, lzma, zstd);

const MAGICS = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
] as const;

/** The bytes, or the code of the error. */
async function told(work: Promise<Uint8Array>): Promise<string> {
  try {
    return Buffer.from(await work).toString('hex');
  } catch (error) {
    if (!isChunkerError(error)) throw error;
    return error.code;
  }
}

async function streamed(pieces: Iterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of registry.decompressStreamAuto(pieces)) all.push(piece.slice());
  return Buffer.concat(all);
}

describe.each(MAGICS)('random data behind the magic of %s', (name, magic) => {
  it('are refused by that format, for its own reason: no other is tried', async () => {
    const codec = await registry.codec(name);
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 1, max: 700 }), async (rest, step) => {
      const data = Uint8Array.of(...magic, ...rest);
      expect(registry.detect(data)).toBe(name);
      const own = await told(codec.decompress(data));
      expect([
        'corrupt_data',
        'truncated_input',
        'checksum_mismatch',
        'unsupported_feature',
        'memory_limit_exceeded',
        'size_exceeded',
        'dictionary_missing',
      ]).toContain(own);
      expect(await told(registry.decompressAuto(data))).toBe(own);
      const pieces = Array.from({ length: Math.ceil(data.length / step) }, (_, i) => data.slice(i * step, (i + 1) * step));
      expect(await told(streamed(pieces))).not.toBe('unknown_format');
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
