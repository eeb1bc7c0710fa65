import { CompressionError, type DecodeCall } from '@chunker/core';

/*
 * A sound little format for the gallery: every plugin there is this one with one thing wrong. A frame is a magic, the sizes of content and body, the body as pairs of count and byte, and a
 * checksum over all of it; frames may follow one another.
 */

export const MAGIC = [0x46, 0x52, 0x4d, 0x31] as const;
const HEADER = 12;
const TRAILER = 4;

/** FNV-1a, 32 bits: a changed bit always shows in it. */
export function fnv(bytes: Uint8Array, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

export function frameBound(bytes: number): number {
  return HEADER + TRAILER + 2 * bytes;
}

export function encodeFrame(data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(frameBound(data.length));
  frame.set(MAGIC);
  let end = HEADER;
  for (let at = 0; at < data.length; ) {
    let count = 1;
    while (count < 255 && data[at + count] === data[at] && at + count < data.length) count++;
    frame[end++] = count;
    frame[end++] = data[at] as number;
    at += count;
  }
  const words = new DataView(frame.buffer);
  words.setUint32(4, data.length, true);
  words.setUint32(8, end - HEADER, true);
  words.setUint32(end, fnv(frame.subarray(0, end)), true);
  return frame.slice(0, end + TRAILER);
}

interface Head {
  readonly contentBytes: number;
  readonly end: number;
}

/** Reads and checks one frame's head and checksum. */
export function readHead(data: Uint8Array, checked = true): Head {
  if (MAGIC.some((byte, i) => i < data.length && data[i] !== byte)) throw new CompressionError('corrupt_data', { reason: 'no frame' });
  if (data.length < HEADER) throw new CompressionError('truncated_input', {});
  const words = new DataView(data.buffer, data.byteOffset, data.length);
  const end = HEADER + words.getUint32(8, true);
  if (data.length < end + TRAILER) throw new CompressionError('truncated_input', {});
  const sum = words.getUint32(end, true);
  if (checked && sum !== fnv(data.subarray(0, end))) throw new CompressionError('checksum_mismatch', {});
  const contentBytes = words.getUint32(4, true);
  if (contentBytes > (end - HEADER) * 128) throw new CompressionError('corrupt_data', { reason: 'sizes disagree' });
  return { contentBytes, end };
}

/** Writes the content of one frame to `output`, which is exactly as long. */
export function unpackBody(body: Uint8Array, output: Uint8Array): void {
  let at = 0;
  for (let i = 0; i + 1 < body.length; i += 2) {
    output.fill(body[i + 1] as number, at, at + (body[i] as number));
    at += body[i] as number;
  }
  if (at !== output.length) throw new CompressionError('corrupt_data', { reason: 'sizes disagree' });
}

const begins = (data: Uint8Array) => data.length > 0 && MAGIC.every((byte, i) => i >= data.length || data[i] === byte);

export type DecodeSettings = { readonly checked?: boolean; readonly oneFrame?: boolean };

interface Body {
  readonly body: Uint8Array;
  readonly contentBytes: number;
}

/** The bodies of all frames of `data`, checked, and claimed. */
export function bodiesOf(data: Uint8Array, call: DecodeCall, { checked = true, oneFrame = false }: DecodeSettings = {}): Body[] {
  const bodies: Body[] = [];
  let total = 0;
  let rest = data;
  do {
    const { contentBytes, end } = readHead(rest, checked);
    total += contentBytes;
    call.limits.claim(total);
    bodies.push({ body: rest.subarray(HEADER, end), contentBytes });
    rest = rest.subarray(end + TRAILER);
  } while (!oneFrame && begins(rest));
  if (rest.length > 0 && !call.allowTrailing) throw new CompressionError('trailing_data', { trailingBytes: rest.length });
  return bodies;
}

/** All frames of `data`. */
export function decodeFrames(data: Uint8Array, call: DecodeCall, settings?: DecodeSettings): Uint8Array {
  const bodies = bodiesOf(data, call, settings);
  const output = new Uint8Array(bodies.reduce((sum, { contentBytes }) => sum + contentBytes, 0));
  let at = 0;
  for (const { body, contentBytes } of bodies) {
    unpackBody(body, output.subarray(at, at + contentBytes));
    at += contentBytes;
  }
  return output;
}

/** Runs of one body that are unpacked together: at most 255 bytes each. */
const RUNS = 256;

/** What the bodies hold, in pieces of at most 64 KiB that are made when they are pulled. */
export function* piecesOf(bodies: readonly Body[]): Generator<Uint8Array> {
  for (const { body, contentBytes } of bodies) {
    let left = contentBytes;
    for (let at = 0; at < body.length; at += 2 * RUNS) {
      const runs = body.subarray(at, at + 2 * RUNS);
      const bytes = runs.reduce((sum, count, i) => sum + (i % 2 === 0 && i + 1 < runs.length ? count : 0), 0);
      left -= bytes;
      if (left < 0) throw new CompressionError('corrupt_data', { reason: 'sizes disagree' });
      const piece = new Uint8Array(bytes);
      unpackBody(runs, piece);
      yield piece;
    }
    if (left !== 0) throw new CompressionError('corrupt_data', { reason: 'sizes disagree' });
  }
}

export const ALL_GUARANTEES = { detectsTruncation: true, detectsCorruption: true, concatenable: true, deterministic: true } as const;

/** The sound codec, to be spread and spoilt. */
export const FRAMES = {
  magicBytes: [...MAGIC],
  guarantees: ALL_GUARANTEES,
  compress: (data: Uint8Array): Uint8Array | Promise<Uint8Array> => encodeFrame(data),
  decompress: (data: Uint8Array, _options: unknown, call: DecodeCall): Uint8Array | Promise<Uint8Array> => decodeFrames(data, call),
  compressBound: frameBound,
};
