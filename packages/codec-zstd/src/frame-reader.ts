/*
 * Frames (RFC 8878, 3.1.1) of data that arrive in pieces, found without decoding: what node:zlib does not check or tell. The same machine as native/kernels/zstd/src/decode_engine.rs, so that both
 * kernels fail with the same code at the same place.
 */
import type { DecodeCall } from '@chunker/core';
import { admit, fail, type FrameHeader, littleEndian, readBlock, readHeader, unknown } from './frames.js';

/** What was found: the head of a frame, bytes of the frame behind its head, its end. */
export type Part =
  | { readonly kind: 'start'; readonly header: FrameHeader; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' };

type State =
  | { readonly at: 'head' | 'block-head' | 'over' }
  | { readonly at: 'block'; left: number; readonly last: boolean }
  | { readonly at: 'checksum' | 'skip'; left: number };

/** A frame header is never longer (RFC 8878, 3.1.1.1). */
const HEADER_BYTES_MAX = 18;
const BLOCK_HEADER_BYTES = 3;

/** Walks through frames; what it is fed must not change until the next call. */
export class FrameReader {
  readonly #call: DecodeCall;
  readonly #dictionaryId: number | undefined;
  readonly #written: () => number;
  #state: State = { at: 'head' };
  #carry: Uint8Array = new Uint8Array(0);
  #header: FrameHeader | undefined;
  #frames = 0;
  #offset = 0;
  /** Where the header, block or checksum begins that is being read. */
  unitAt = 0;

  /** `dictionaryId`: of the dictionary that is there; `written`: output so far, to which declared sizes are added. */
  constructor(call: DecodeCall, dictionaryId: number | undefined, written: () => number) {
    this.#call = call;
    this.#dictionaryId = dictionaryId;
    this.#written = written;
  }

  /** The parts of a piece, in order. Throws what makes it no frame, after the parts before. */
  *read(data: Uint8Array): Generator<Part> {
    let at = 0;
    /** Bytes of the frame from here on were not handed out. */
    let from = 0;
    while (at < data.length) {
      const before = this.#state.at;
      if (before === 'head') {
        const { taken, start } = this.#head(data.subarray(at));
        at += taken;
        this.#offset += taken;
        from = at;
        if (start !== undefined) yield start;
        continue;
      }
      let used: number;
      try {
        used = this.#within(data.subarray(at));
      } catch (thrown) {
        // The blocks before were good: their content comes first.
        if (before === 'block-head' && at > from) yield { kind: 'data', bytes: data.subarray(from, at) };
        throw thrown;
      }
      at += used;
      this.#offset += used;
      if (this.#state.at !== 'head') continue;
      if (before === 'skip') continue;
      yield { kind: 'data', bytes: data.subarray(from, at) };
      yield { kind: 'end' };
    }
    if (this.#header !== undefined && at > from) yield { kind: 'data', bytes: data.subarray(from, at) };
  }

  /** To be called at the end of the input: throws where it must not end. */
  finish(): void {
    const { at } = this.#state;
    if (at === 'over') return;
    if (at === 'head' && this.#frames > 0) {
      if (this.#carry.length === 0) return;
      if (this.#carry.length < 4) {
        this.#trailing();
        return;
      }
    }
    if (at === 'head' && this.#carry.length > 0 && readHeader(this.#carry, 0).kind === 'unknown') throw unknown(this.#carry);
    throw fail('truncated_input', { offset: this.#offset });
  }

  #trailing(): void {
    if (!this.#call.allowTrailing) throw fail('trailing_data', { offset: this.unitAt });
  }

  #head(rest: Uint8Array): { readonly taken: number; readonly start?: Part } {
    if (this.#carry.length === 0) this.unitAt = this.#offset;
    const known = this.#carry.length;
    const bytes = joined(this.#carry, rest.subarray(0, HEADER_BYTES_MAX - known));
    const header = readHeader(bytes, 0);
    if (header.kind === 'frame') {
      this.#carry = new Uint8Array(0);
      admit(header, this.#call, this.#dictionaryId, this.#written());
      this.#header = header;
      this.#state = { at: 'block-head' };
      return { taken: header.headerBytes - known, start: { kind: 'start', header, offset: this.unitAt, bytes: bytes.subarray(0, header.headerBytes) } };
    }
    if (header.kind === 'skippable') {
      this.#carry = new Uint8Array(0);
      const left = header.bytes - 8;
      if (left === 0) this.#frames++;
      else this.#state = { at: 'skip', left };
      return { taken: 8 - known };
    }
    if (header.kind === 'partial') this.#carry = bytes;
    else this.#refuse(header.kind, bytes);
    return { taken: bytes.length - known };
  }

  /** What is no header; of fewer bytes than the error shows, more are waited for. */
  #refuse(kind: 'unknown' | 'legacy' | 'reserved', bytes: Uint8Array): void {
    if (kind === 'legacy') throw fail('unsupported_feature', { offset: this.unitAt, feature: 'zstd frames of versions before 1.0' });
    if (kind === 'reserved') throw fail('unsupported_feature', { offset: this.unitAt, feature: 'zstd frame header with a reserved bit set' });
    if (this.#frames > 0 && bytes.length >= 4) {
      this.#trailing();
      this.#state = { at: 'over' };
    } else if (this.#frames === 0 && bytes.length >= 8) {
      throw unknown(bytes);
    }
    this.#carry = bytes;
  }

  #within(rest: Uint8Array): number {
    const state = this.#state;
    if (state.at === 'block-head') return this.#blockHead(rest);
    if (!('left' in state)) return rest.length;
    if (state.at === 'checksum' && state.left === 4) this.unitAt = this.#offset;
    const used = Math.min(state.left, rest.length);
    state.left -= used;
    if (state.left > 0) return used;
    if (state.at === 'block') this.#endBlock(state.last);
    else this.#endFrame();
    return used;
  }

  #blockHead(rest: Uint8Array): number {
    if (this.#carry.length === 0) this.unitAt = this.#offset;
    const known = this.#carry.length;
    const bytes = joined(this.#carry, rest.subarray(0, BLOCK_HEADER_BYTES - known));
    this.#carry = bytes;
    if (bytes.length === BLOCK_HEADER_BYTES) {
      const block = readBlock(littleEndian(bytes, 0, BLOCK_HEADER_BYTES), this.#header as FrameHeader, this.unitAt);
      this.#carry = new Uint8Array(0);
      if (block.bytes > 0) this.#state = { at: 'block', left: block.bytes, last: block.last };
      else this.#endBlock(block.last);
    }
    return bytes.length - known;
  }

  #endBlock(last: boolean): void {
    if (!last) this.#state = { at: 'block-head' };
    else if (this.#header?.checksum === true) this.#state = { at: 'checksum', left: 4 };
    else this.#endFrame();
  }

  #endFrame(): void {
    this.#header = undefined;
    this.#frames++;
    this.#state = { at: 'head' };
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
