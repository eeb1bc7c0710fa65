/*
 * gzip (RFC 1952), member by member over raw deflate: node:zlib's own gunzip reads members one behind the other as well, but drops what follows them without a word when it is zeros, and
 * calls it a damaged member otherwise.
 */
import * as zlib from 'node:zlib';
import { CompressionError, type DecodeCall } from '@chunker/core';
import type { ComputingStream } from '@chunker/core/runtime';
import { readHeader, readTrailer, startsMember, TRAILER_BYTES } from './gzip-header.js';
import { checkMemory, concatenated, decodeSync, OUTPUT_PIECE, OutputCount, type PushDecoder, StreamPart, trailingData } from './push-decoder.js';
import { INFLATE_MEMORY } from './zlib-decoder.js';
import { zlibError } from './zlib-error.js';

const fail = (code: 'corrupt_data' | 'truncated_input' | 'checksum_mismatch', offset: number, reason?: string) =>
  new CompressionError(code, { algorithm: 'gzip', operation: 'decompress', offset, ...(reason === undefined ? {} : { reason }) });

/** Length of the head that begins `data`; undefined where there is more of it to come. */
function headerLength(data: Uint8Array, offset: number): number | undefined {
  const header = readHeader(data);
  if ('wrong' in header) throw fail('corrupt_data', offset, header.wrong);
  if ('check' in header) throw fail('checksum_mismatch', offset + header.check);
  return 'more' in header ? undefined : header.length;
}

/** Check and size of what a member held, against its trailer. */
class MemberSum {
  #check = 0;
  #size = 0;

  add(bytes: Uint8Array): void {
    this.#check = zlib.crc32(bytes, this.#check);
    this.#size += bytes.length;
  }

  verify(trailer: Uint8Array, offset: number): void {
    const { check, size } = readTrailer(trailer);
    if (check === this.#check && size === this.#size % 2 ** 32) return;
    const hex = (value: number) => value.toString(16).padStart(8, '0');
    throw new CompressionError('checksum_mismatch', { algorithm: 'gzip', operation: 'decompress', offset, expected: hex(check), actual: hex(this.#check) });
  }
}

/** gzip at once. */
export function gunzipSync(data: Uint8Array, call: DecodeCall): Uint8Array {
  checkMemory('gzip', INFLATE_MEMORY, call);
  const count = new OutputCount(call);
  const output: Uint8Array[] = [];
  let at = 0;
  do {
    const head = data.subarray(at);
    if (at > 0 && !startsMember(head)) {
      if (call.allowTrailing) break;
      throw trailingData('gzip', at);
    }
    const length = headerLength(head, at);
    if (length === undefined) throw fail('truncated_input', data.length);
    at += length;
    const settings = { chunkSize: OUTPUT_PIECE, info: true, maxOutputLength: count.left };
    const { buffer, engine } = decodeSync('gzip', count, at, data.length, () => zlib.inflateRawSync(data.subarray(at), settings), call);
    at += engine.bytesWritten;
    if (data.length - at < TRAILER_BYTES) throw fail('truncated_input', data.length);
    const sum = new MemberSum();
    sum.add(buffer);
    sum.verify(data.subarray(at), at);
    at += TRAILER_BYTES;
    output.push(buffer);
  } while (at < data.length);
  return concatenated(output);
}

/** gzip, fed by pieces. */
export class GzipDecoder implements PushDecoder {
  readonly #call: DecodeCall;
  readonly #count: OutputCount;
  /** What is being read: a member's head, its deflated data, its trailer; or the data are over. */
  #state: 'head' | 'body' | 'trailer' | 'over' = 'head';
  #held: Uint8Array = new Uint8Array(0);
  #part: StreamPart | undefined;
  #sum = new MemberSum();
  #members = 0;
  #offset = 0;
  #bodyAt = 0;

  constructor(call: DecodeCall) {
    checkMemory('gzip', INFLATE_MEMORY, call);
    this.#call = call;
    this.#count = new OutputCount(call);
  }

  async *push(data: Uint8Array): AsyncGenerator<Uint8Array, void> {
    let rest = this.#state === 'body' || this.#held.length === 0 ? data : concatenated([this.#held, data]);
    this.#held = new Uint8Array(0);
    while (rest.length > 0 && this.#state !== 'over') {
      const before = this.#state;
      const used = before === 'body' ? yield* this.#body(rest) : before === 'head' ? this.#head(rest) : this.#trailer(rest);
      // A stream that ended with the last piece is only noticed now: nothing was used, but the state went on.
      if (used === 0 && this.#state === before) {
        this.#held = rest;
        break;
      }
      this.#offset += used;
      rest = rest.subarray(used);
    }
  }

  // biome-ignore lint/correctness/useYield: all content has come; only what is wrong with the end is told.
  async *finish(): AsyncGenerator<Uint8Array, void> {
    if (this.#state === 'over') return;
    const nothingLeft = this.#state === 'head' && this.#held.length === 0;
    if (this.#members > 0 && nothingLeft) return;
    // A single byte behind a member is no beginning of another that anybody could know.
    if (this.#members > 0 && this.#state === 'head' && !startsMember(this.#held)) {
      if (this.#call.allowTrailing) return;
      throw trailingData('gzip', this.#offset);
    }
    throw fail('truncated_input', this.#offset + this.#held.length);
  }

  close(): void {
    this.#part?.close();
  }

  #head(rest: Uint8Array): number {
    if (this.#members > 0 && rest.length >= 2 && !startsMember(rest)) {
      if (!this.#call.allowTrailing) throw trailingData('gzip', this.#offset);
      this.#state = 'over';
      return rest.length;
    }
    const length = this.#members > 0 && rest.length < 2 ? undefined : headerLength(rest, this.#offset);
    if (length === undefined) return 0;
    this.#state = 'body';
    this.#sum = new MemberSum();
    this.#part = new StreamPart(zlib.createInflateRaw({ chunkSize: OUTPUT_PIECE }) as ComputingStream, this.#count, (bytes) => this.#sum.add(bytes));
    this.#bodyAt = this.#offset + length;
    return length;
  }

  async *#body(rest: Uint8Array): AsyncGenerator<Uint8Array, number> {
    const part = this.#part as StreamPart;
    try {
      const used = yield* part.write(rest);
      if (part.ended) {
        part.close();
        this.#state = 'trailer';
      }
      return used;
    } catch (thrown) {
      throw zlibError('gzip', 'decompress', thrown, this.#bodyAt, this.#offset);
    }
  }

  #trailer(rest: Uint8Array): number {
    if (rest.length < TRAILER_BYTES) return 0;
    this.#sum.verify(rest, this.#offset);
    this.#members++;
    this.#state = 'head';
    return TRAILER_BYTES;
  }
}
