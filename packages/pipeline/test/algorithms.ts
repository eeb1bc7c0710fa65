import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { defineChunker, defineCodec, defineHash, Registry } from '@chunker/core';

// Algorithms of a stranger: as little as the contract asks for.

/** A schema without a library: every option is an integer with a default. */
function integers<T extends Record<string, number>>(defaults: T) {
  return {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: (value: unknown) => ({ value: { ...defaults, ...(value as Partial<T>) } as T }),
      types: undefined as unknown as { readonly input: Partial<T>; readonly output: T },
    },
  };
}

/** Cuts behind a byte whose low bits are zero: content-defined and easy to check. */
export const lowbits = defineChunker({
  name: 'lowbits',
  options: integers({ min: 16, max: 256, bits: 6 }),
  cutter: ({ min, max, bits }) => ({
    minSize: min,
    maxSize: max,
    nextCut(window: Uint8Array): number {
      const end = Math.min(max, window.length);
      const mask = 2 ** bits - 1;
      for (let i = min; i < end; i++) if (((window[i - 1] as number) & mask) === 0) return i;
      return end;
    },
  }),
});

export const sha1 = defineHash({ name: 'sha1', digestLength: 20, hash: (data) => new Uint8Array(createHash('sha1').update(data).digest()) });

export const flate = defineCodec({
  name: 'flate',
  compress: (data) => new Uint8Array(deflateRawSync(data, { level: 1 })),
  decompress: (data) => new Uint8Array(inflateRawSync(data)),
});

/** The same, answering later. */
export const slow = defineCodec({
  name: 'slow',
  async compress(data) {
    const copy = data.slice();
    await new Promise((resolve) => setTimeout(resolve, 1));
    return new Uint8Array(deflateRawSync(copy, { level: 1 }));
  },
  decompress: (data) => new Uint8Array(inflateRawSync(data)),
});

/** Fails on the chunk that begins with these bytes. */
export function failing(head: string) {
  const bad = (data: Uint8Array) => Buffer.from(data.subarray(0, head.length)).toString('latin1') === head;
  return defineCodec({
    name: 'failing',
    compress(data) {
      if (bad(data)) throw new Error('it does not like this one');
      return data.slice();
    },
    decompress: (data) => data.slice(),
  });
}

/** Loses the last byte of what it decompresses. */
export const lossy = defineCodec({
  name: 'lossy',
  compress: (data) => data.slice(),
  decompress: (data) => data.slice(0, -1),
});

export const registry = Registry.of(lowbits, sha1, flate, slow, lossy);

/** Bytes that are the same for the same seed, with repeats in them. */
export function sampleBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = i >= 4096 && i % 8192 < 2048 ? (bytes[i - 4096] as number) : state & 0xff;
  }
  return bytes;
}
