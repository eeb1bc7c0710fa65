// The layouts that both kernels share: records of entries and requests, as words of 32 bits. native/kernels/io/src/facts.rs and batch.rs are the other side.

/** What an entry is. `unknown` never leaves a walk: it comes with a fault. */
export type FileKind = 'unknown' | 'regular' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'block_device' | 'character_device';

/** What an entry of a directory can be; its number in a record is the place here. */
export const KINDS: readonly FileKind[] = ['unknown', 'regular', 'directory', 'symlink', 'fifo', 'socket', 'block_device', 'character_device'];
/** The numbers of the kinds that archives hold. */
export const KIND = { regular: 1, directory: 2, symlink: 3 } as const;

/** Words of a record, and where in it the facts stand. */
export const RECORD_WORDS = 16;
export const AT = {
  kind: 0,
  mode: 1,
  size: 2,
  mtime: 4,
  nanoseconds: 6,
  ino: 7,
  dev: 9,
  nameOffset: 11,
  nameLength: 12,
  targetLength: 13,
  fault: 14,
} as const;
export const EXECUTABLE = 0x100;

/** The facts that tell whether a file is still the one that was seen. */
export interface FileFacts {
  readonly kind: FileKind;
  /** Permission and type bits as the system gives them. */
  readonly mode: number;
  /** The owner may execute it. */
  readonly executable: boolean;
  /** Bytes. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
}

/** A directory's entries, sorted by name; `fault` is set instead where it could not be listed. */
export interface Listing {
  readonly count: number;
  readonly records: Uint32Array;
  /** Names and targets; records say where. */
  readonly texts: Uint8Array;
  readonly fault: number;
}

/** 64 bits that are a size or position: exact up to 2^53 - 1, beyond that no file system goes. */
export function wide(words: Uint32Array, at: number): number {
  return (words[at] as number) + (words[at + 1] as number) * 0x1_0000_0000;
}

export function putWide(words: Uint32Array, at: number, value: number): void {
  words[at] = value % 0x1_0000_0000;
  words[at + 1] = Math.floor(value / 0x1_0000_0000);
}

function wideInteger(words: Uint32Array, at: number): bigint {
  return BigInt(words[at] as number) | (BigInt(words[at + 1] as number) << 32n);
}

/** The facts of one record. */
export function factsOf(records: Uint32Array, index = 0): FileFacts {
  const at = index * RECORD_WORDS;
  const seconds = BigInt.asIntN(64, wideInteger(records, at + AT.mtime));
  return {
    kind: KINDS[(records[at] as number) & 0xff] ?? 'unknown',
    mode: records[at + AT.mode] as number,
    executable: ((records[at] as number) & EXECUTABLE) !== 0,
    size: wide(records, at + AT.size),
    mtimeNs: seconds * 1_000_000_000n + BigInt(records[at + AT.nanoseconds] as number),
    ino: wideInteger(records, at + AT.ino),
    dev: wideInteger(records, at + AT.dev),
  };
}

export function nameOf({ records, texts }: Listing, index: number): Uint8Array {
  const at = index * RECORD_WORDS;
  const from = records[at + AT.nameOffset] as number;
  return texts.subarray(from, from + (records[at + AT.nameLength] as number));
}

/** The target of a symbolic link; empty for anything else. */
export function targetOf({ records, texts }: Listing, index: number): Uint8Array {
  const at = index * RECORD_WORDS;
  const from = (records[at + AT.nameOffset] as number) + (records[at + AT.nameLength] as number);
  return texts.subarray(from, from + (records[at + AT.targetLength] as number));
}

const HEAD_BYTES = 16;

/** The listings in what the native kernel answered: one block per directory. */
export function decodeListings(bytes: Uint8Array): Listing[] {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >>> 2);
  const listings: Listing[] = [];
  for (let at = 0; at < aligned.length; ) {
    const [count = 0, length = 0, fault = 0] = words.subarray(at / 4, at / 4 + 3);
    const records = words.subarray((at + HEAD_BYTES) / 4, (at + HEAD_BYTES) / 4 + count * RECORD_WORDS);
    const from = at + HEAD_BYTES + count * RECORD_WORDS * 4;
    listings.push({ count, records, texts: aligned.subarray(from, from + length), fault });
    at = Math.ceil((from + length) / 8) * 8;
  }
  return listings;
}
