/* The head of a gzip member (RFC 1952, section 2.3). */
import { crc32 } from 'node:zlib';

const HAS_HEADER_CHECK = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;
const RESERVED = 0xe0;
const FIXED_BYTES = 10;

/** Bytes of check and size behind the deflated data of a member. */
export const TRAILER_BYTES = 8;

/** Names and comments longer than this are no names: the head of a member is kept until it is whole. */
const MAX_BYTES = 256 * 1024;

/** Length of the member's head; `more` when it is not all there; what is wrong with it; or where its own check stands, which is not that of its bytes. */
export type Header = { readonly length: number } | { readonly more: true } | { readonly wrong: string } | { readonly check: number };

/** True where another member begins. */
export function startsMember(data: Uint8Array): boolean {
  return data.length >= 2 && data[0] === 0x1f && data[1] === 0x8b;
}

export function readHeader(data: Uint8Array): Header {
  if (data.length >= 1 && data[0] !== 0x1f) return { wrong: 'no gzip magic' };
  if (data.length >= 2 && data[1] !== 0x8b) return { wrong: 'no gzip magic' };
  if (data.length >= 3 && data[2] !== 8) return { wrong: `compression method ${data[2]}` };
  if (data.length >= 4 && ((data[3] as number) & RESERVED) !== 0) return { wrong: 'reserved flags are set' };
  if (data.length < FIXED_BYTES) return { more: true };
  const flags = data[3] as number;
  let at = FIXED_BYTES;
  if (flags & HAS_EXTRA) {
    if (data.length < at + 2) return { more: true };
    at += 2 + ((data[at] as number) | ((data[at + 1] as number) << 8));
  }
  for (const flag of [HAS_NAME, HAS_COMMENT]) {
    if ((flags & flag) === 0) continue;
    const end = data.indexOf(0, at);
    if ((end === -1 ? data.length : end) > MAX_BYTES) return { wrong: 'a head without end' };
    if (end === -1) return { more: true };
    at = end + 1;
  }
  if ((flags & HAS_HEADER_CHECK) === 0) return data.length < at ? { more: true } : { length: at };
  if (data.length < at + 2) return { more: true };
  const check = (data[at] as number) | ((data[at + 1] as number) << 8);
  // Two bytes of the CRC32 of all bytes before.
  return (crc32(data.subarray(0, at)) & 0xffff) === check ? { length: at + 2 } : { check: at };
}

/** Check and size of a member, as its trailer tells them. */
export function readTrailer(data: Uint8Array): { readonly check: number; readonly size: number } {
  const view = new DataView(data.buffer, data.byteOffset, TRAILER_BYTES);
  return { check: view.getUint32(0, true), size: view.getUint32(4, true) };
}
