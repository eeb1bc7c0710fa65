/*
 * Headers of frames and blocks (RFC 8878, 3.1.1 and 3.1.2), walked without decoding: what node:zlib does not check or tell. The same rules as
 * native/kernels/zstd/src/frame.rs and survey.rs.
 */
import { CompressionError, type DecodeCall, type ErrorCode, type ErrorDetails, type FrameSummary } from '@chunker/core';

const BLOCK_BYTES_MAX = 1 << 17;

export interface FrameHeader {
  readonly kind: 'frame';
  readonly headerBytes: number;
  readonly windowBytes: number;
  readonly contentBytes: number | undefined;
  readonly dictionaryId: number;
  readonly checksum: boolean;
}
type Header = FrameHeader | { readonly kind: 'skippable'; readonly bytes: number } | { readonly kind: 'partial' | 'unknown' | 'legacy' | 'reserved' };

/** One frame with content, where it lies, and what it declares. */
export interface Frame {
  readonly start: number;
  readonly end: number;
  readonly header: FrameHeader;
}

export function fail<Code extends ErrorCode>(code: Code, details: ErrorDetails[Code], cause?: unknown): CompressionError<Code> {
  return new CompressionError(code, { algorithm: 'zstd', ...details }, cause === undefined ? {} : { cause });
}

export const littleEndian = (data: Uint8Array, at: number, bytes: number): number => {
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (data[at + i] as number);
  return value;
};

export function readHeader(data: Uint8Array, at: number): Header {
  const left = data.length - at;
  const [a, b, c, d] = data.subarray(at, at + 4) as unknown as [number, number, number, number];
  if (left < 4) return { kind: isMagicPrefix(data.subarray(at)) ? 'partial' : 'unknown' };
  if ((a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18) {
    return left < 8 ? { kind: 'partial' } : { kind: 'skippable', bytes: 8 + littleEndian(data, at + 4, 4) };
  }
  if (b === 0xb5 && c === 0x2f && d === 0xfd) {
    if (a === 0x28) return readFrameHeader(data, at, left);
    if (a >= 0x22 && a <= 0x27) return { kind: 'legacy' };
  }
  return { kind: a === 0xfd && b === 0x2f && c === 0xb5 && d === 0x1e ? 'legacy' : 'unknown' };
}

function isMagicPrefix(bytes: Uint8Array): boolean {
  const first = bytes[0];
  if (first === undefined) return true;
  const rest = first >= 0x22 && first <= 0x28 ? [0xb5, 0x2f] : (first & 0xf0) === 0x50 ? [0x2a, 0x4d] : undefined;
  return rest?.slice(0, bytes.length - 1).every((byte, i) => bytes[i + 1] === byte) === true;
}

function readFrameHeader(data: Uint8Array, at: number, left: number): Header {
  if (left < 5) return { kind: 'partial' };
  const descriptor = data[at + 4] as number;
  const single = (descriptor & 0x20) !== 0;
  const window = single ? 0 : 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
  const content = descriptor >> 6 === 0 ? (single ? 1 : 0) : 1 << (descriptor >> 6);
  const headerBytes = 5 + window + dictionary + content;
  if (left < headerBytes) return { kind: 'partial' };
  if ((descriptor & 0x08) !== 0) return { kind: 'reserved' };
  const contentAt = at + 5 + window + dictionary;
  const contentBytes = content === 0 ? undefined : littleEndian(data, contentAt, content) + (content === 2 ? 256 : 0);
  const byte = data[at + 5] as number;
  const base = 2 ** (10 + (byte >> 3));
  const windowBytes = single ? (contentBytes ?? 0) : base + (base / 8) * (byte & 7);
  return {
    kind: 'frame',
    headerBytes,
    windowBytes,
    contentBytes,
    dictionaryId: littleEndian(data, at + 5 + window, dictionary),
    checksum: (descriptor & 0x04) !== 0,
  };
}

/** What a block header says: how many bytes follow it, and whether it is the last. Throws for what no encoder writes. */
export function readBlock(field: number, header: FrameHeader, offset: number): { readonly bytes: number; readonly last: boolean } {
  const type = (field >> 1) & 3;
  const size = field >> 3;
  if (type === 3) throw fail('corrupt_data', { offset, reason: 'reserved block type' });
  // Also the one byte of a run of none has no place in a frame of no content: libzstd's streaming decoder refuses it.
  if (Math.max(size, type === 1 ? 1 : 0) > Math.min(header.windowBytes, BLOCK_BYTES_MAX))
    throw fail('corrupt_data', { offset, reason: 'block larger than the frame allows' });
  if (type === 2 && size < 2) throw fail('corrupt_data', { offset, reason: 'compressed block without content' });
  return { bytes: type === 1 ? 1 : size, last: (field & 1) !== 0 };
}

/** Where the frame's last byte has been passed. Throws what makes it no frame. */
function endOfFrame(data: Uint8Array, start: number, header: FrameHeader): number {
  let at = start + header.headerBytes;
  for (;;) {
    if (at + 3 > data.length) throw truncated(data);
    const block = readBlock(littleEndian(data, at, 3), header, at);
    at += 3 + block.bytes;
    if (at > data.length) throw truncated(data);
    if (block.last) break;
  }
  at += header.checksum ? 4 : 0;
  if (at > data.length) throw truncated(data);
  return at;
}

const truncated = (data: Uint8Array) => fail('truncated_input', { offset: data.length });

export function unknown(data: Uint8Array): CompressionError {
  const head = Array.from(data.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return new CompressionError('unknown_format', { head, registered: ['zstd'] });
}

/** What stands at `at`, or undefined for the end of the data; throws for all that is no frame. */
function headerAt(data: Uint8Array, at: number, allowTrailing: boolean): FrameHeader | { readonly kind: 'skippable'; readonly bytes: number } | undefined {
  const header = readHeader(data, at);
  if (header.kind === 'frame' || header.kind === 'skippable') return header;
  if (header.kind === 'legacy') throw fail('unsupported_feature', { offset: at, feature: 'zstd frames of versions before 1.0' });
  if (header.kind === 'reserved') throw fail('unsupported_feature', { offset: at, feature: 'zstd frame header with a reserved bit set' });
  // Behind a whole frame less than a magic is no started frame.
  if (at > 0 && (header.kind === 'unknown' || data.length - at < 4)) {
    if (allowTrailing) return undefined;
    throw fail('trailing_data', { offset: at });
  }
  throw header.kind === 'unknown' ? unknown(data) : truncated(data);
}

/**
 * The frames of `data` one after the other, each checked against limits and dictionary before it is handed out. `written` tells how much the frames before have given.
 */
export function* frames(data: Uint8Array, call: DecodeCall, dictionaryId: number | undefined, written: () => number): Generator<Frame> {
  if (data.length === 0) throw truncated(data);
  let at = 0;
  while (at < data.length) {
    const header = headerAt(data, at, call.allowTrailing);
    if (header === undefined) return;
    if (header.kind === 'skippable') {
      at += header.bytes;
      if (at > data.length) throw truncated(data);
      continue;
    }
    admit(header, call, dictionaryId, written());
    const end = endOfFrame(data, at, header);
    yield { start: at, end, header };
    at = end;
  }
}

export function admit(header: FrameHeader, { limits }: DecodeCall, given: number | undefined, written: number): void {
  if (header.contentBytes !== undefined) limits.claim(written + header.contentBytes);
  if (header.windowBytes > limits.maxMemoryBytes) {
    throw fail('memory_limit_exceeded', { scope: 'decoder', limit: limits.maxMemoryBytes, needed: header.windowBytes });
  }
  const { dictionaryId: id } = header;
  if (id === 0 || id === given) return;
  throw given === undefined ? fail('dictionary_missing', { id }) : fail('dictionary_mismatch', { id, given });
}

/** The id of a trained dictionary; 0 for raw content. */
export function dictionaryIdOf(dictionary: Uint8Array): number {
  const isTrained = [0x37, 0xa4, 0x30, 0xec].every((byte, i) => dictionary[i] === byte);
  return isTrained && dictionary.length >= 8 ? littleEndian(dictionary, 4, 4) : 0;
}

/** What headers tell; `data` may be the head of a longer input. Throws where the first header is none, or not whole. */
export function inspect(data: Uint8Array): FrameSummary {
  const summary = { frames: 0, content: 0 as number | undefined, windowBytes: 0, dictionaryId: 0, checksum: true, skippableBytes: 0 };
  if (data.length === 0) throw truncated(data);
  let at = 0;
  try {
    while (at < data.length) {
      const header = headerAt(data, at, true);
      if (header === undefined) break;
      if (header.kind === 'skippable') {
        summary.skippableBytes += Math.min(header.bytes, data.length - at);
        at += header.bytes;
        continue;
      }
      summary.frames++;
      summary.content = summary.content === undefined || header.contentBytes === undefined ? undefined : summary.content + header.contentBytes;
      summary.windowBytes = Math.max(summary.windowBytes, header.windowBytes);
      summary.dictionaryId ||= header.dictionaryId;
      summary.checksum &&= header.checksum;
      at = endOfFrame(data, at, header);
    }
  } catch (thrown) {
    if (summary.frames === 0 && at === 0) throw thrown;
  }
  const { frames, content, windowBytes, dictionaryId, checksum, skippableBytes } = summary;
  return {
    frames,
    ...(frames === 0 || content === undefined ? {} : { contentBytes: content }),
    windowBytes,
    ...(dictionaryId === 0 ? {} : { dictionaryId }),
    checksum: checksum && frames > 0,
    skippableBytes,
  };
}

/**
 * A frame of one's own without an empty block at its end. An encoder that learns of the end after its last full block writes one; the block before can be the last as well.
 */
export function withoutEmptyLast(data: Uint8Array): Uint8Array {
  const header = readHeader(data, 0);
  if (header.kind !== 'frame') return data;
  let before = -1;
  let at = header.headerBytes;
  for (;;) {
    const field = littleEndian(data, at, 3);
    if ((field & 1) !== 0) {
      if (field !== 1 || before < 0) return data;
      (data[before] as number) |= 1;
      data.copyWithin(at, at + 3);
      return data.subarray(0, data.length - 3);
    }
    before = at;
    at += 3 + (((field >> 1) & 3) === 1 ? 1 : field >> 3);
  }
}
