import * as z from 'zod';
import { type Call, CompressionError, defineChunker, defineCodec, defineHash } from '../src/index.js';

/** Bytes that are always the same for a seed. */
export function bytes(count: number, seed = 1): Uint8Array {
  const data = new Uint8Array(count);
  let state = seed >>> 0 || 1;
  for (let index = 0; index < count; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[index] = state >>> 24;
  }
  return data;
}

const MAGIC = [0x52, 0x4c, 0x45, 0x31];

export function frame(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 8);
  out.set(MAGIC);
  new DataView(out.buffer).setUint32(4, data.length);
  out.set(data, 8);
  return out;
}

/** Reads frames one behind the other, as a careful author would. */
export function unframe(data: Uint8Array, limits: { claim(bytes: number): void }): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; at < data.length || at === 0; ) {
    if (data.length - at < 8) throw new CompressionError('truncated_input', { offset: at });
    const length = new DataView(data.buffer, data.byteOffset + at).getUint32(4);
    if (data.length - at < 8 + length) throw new CompressionError('truncated_input', { offset: at });
    total += length;
    limits.claim(total);
    parts.push(data.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  const out = new Uint8Array(total);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** The smallest codec: buffers only, on the calling thread. */
export const small = defineCodec({
  name: 'small',
  magicBytes: MAGIC,
  guarantees: { detectsTruncation: true, concatenable: true, deterministic: true },
  compress: (data) => frame(data),
  decompress: (data, _options, { limits }) => unframe(data, limits),
});

/** The same, answering later, and neither recognised nor concatenable. */
export const later = defineCodec({
  name: 'later',
  guarantees: { detectsTruncation: true, deterministic: true },
  compress: async (data) => frame(data),
  decompress: async (data, _options, { limits }) => unframe(data, limits),
});

export const levelled = defineCodec({
  name: 'levelled',
  options: z.strictObject({ level: z.int().min(1).max(9).default(6), fast: z.boolean().default(false), label: z.string().optional() }),
  handles: {
    key: {
      description: 'a key',
      secret: true,
      check: (key) => {
        if (key.length !== 4) throw new Error('a key has 4 bytes');
      },
    },
  },
  kernels: { js: async () => ({ compress: (data: Uint8Array) => data.slice(), decompress: (data: Uint8Array) => data.slice() }) },
});

const sum = (data: Uint8Array, length: number) => {
  const out = new Uint8Array(length);
  for (let index = 0; index < data.length; index++) out[index % length] = (out[index % length] as number) * 31 + (data[index] as number);
  return out;
};

export const sum4 = defineHash({ name: 'sum4', digestLength: 4, hash: (data) => sum(data, 4) });

export const wide = defineHash({
  name: 'wide',
  options: z.strictObject({ length: z.int().min(1).max(64).default(32) }),
  digestLength: ({ length }) => length,
  hash: async (data, { length }) => sum(data, length),
});

/** A content-defined chunker in few lines: cuts where a rolling sum ends in zeros. */
export const gear = defineChunker({
  name: 'gear-sample',
  options: z.strictObject({
    min: z.int().min(1).default(64),
    bits: z.int().min(1).max(16).default(7),
    max: z.int().min(1).default(1024),
    seed: z.union([z.int(), z.string()]).default(0),
  }),
  profiles: { 'gear/1@128': { min: 32, bits: 7, max: 512 }, 'gear/1@1k': { min: 256, bits: 10, max: 4096 } },
  cutter({ min, bits, max }) {
    const mask = (1 << bits) - 1;
    return {
      minSize: min,
      maxSize: max,
      targetSize: Math.min(max, min + mask),
      nextCut(window) {
        const end = Math.min(max, window.length);
        let hash = 0;
        for (let index = Math.min(min, end); index < end; index++) {
          hash = (hash << 1) + Math.imul((window[index] as number) + 1, 0x9e3779b1);
          if (((hash >>> 8) & mask) === 0) return index + 1;
        }
        return end;
      },
    };
  },
});

/** Options of every kind of trouble for a kernel that is away: records where each call went. */
export function awayHash(log: string[]) {
  const digest = (data: Uint8Array) => sum(data, 8);
  return defineHash({
    name: 'away',
    digestLength: 8,
    kernels: {
      native: async () => ({
        placement: 'away' as const,
        costPerByte: () => 10,
        hash: async (data: Uint8Array, _options: unknown, _call: Call) => {
          log.push(`hash ${data.length}`);
          return digest(data);
        },
        hashSync: (data: Uint8Array) => {
          log.push(`hashSync ${data.length}`);
          return digest(data);
        },
        create: () => {
          const pieces: Uint8Array[] = [];
          return {
            update: async (data: Uint8Array) => {
              log.push(`update ${data.length}`);
              pieces.push(data.slice());
            },
            digest: () => digest(new Uint8Array(Buffer.concat(pieces))),
          };
        },
      }),
    },
  });
}
