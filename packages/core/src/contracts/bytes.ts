/**
 * Pieces of one buffer: `lengths[i]` bytes each, at `offsets[i]`; without offsets they lie one behind the other from 0. Offsets are doubles because they may
 * pass 2^32; they are safe integers.
 */
export interface Ranges {
  readonly lengths: Uint32Array;
  readonly offsets?: Float64Array;
}

/** Many inputs: one buffer and ranges (one crossing of the native border), or a list of buffers. */
export type Batch = readonly Uint8Array[] | { readonly buffer: Uint8Array; readonly ranges: Ranges };

/** What a kernel answers for a batch: item i is `lengths[i]` bytes of `buffer`, one behind the other; a failed item has length 0 and an error. */
export interface BatchOutput {
  readonly buffer: Uint8Array;
  readonly lengths: Uint32Array;
  readonly errors: ReadonlyMap<number, Error>;
}

/** Bytes that arrive over time. */
export type ByteSource = Iterable<Uint8Array> | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** A stream of bytes that goes wherever streams go. It is consumed once. */
export interface ByteStream extends AsyncIterable<Uint8Array> {
  /** The same stream as a Web ReadableStream (type `bytes` is not promised). */
  toWeb(): ReadableStream<Uint8Array>;
  /** The same stream as a Node Readable; only where Node's streams exist. */
  toNode(): import('node:stream').Readable;
}
