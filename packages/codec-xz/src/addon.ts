/** The addon as its binding declares it: native/bindings/xz. */

/** Limits as they cross: no limit is the largest safe integer. */
export type Limits = readonly [maxOutputBytes: number, maxMemoryBytes: number, allowTrailing: boolean];
export type Offsets = Float64Array | undefined;
/** Results, their lengths, the indices of failed items, and a JSON array of `[code, details]`. */
export type Many = readonly [Uint8Array, Uint32Array, Uint32Array, string];

/** A codec of either format with its options: lib.rs, and doors.rs of native/support/codec. */
export interface Codec {
  check(): void;
  encoderMemory(bytes: number): number;
  workingMemory(decompress: boolean, bytes: number): number;
  compressBound(bytes: number): number;
  compress(ticket: number, input: Uint8Array): void;
  compressSync(input: Uint8Array): Uint8Array;
  compressInto(ticket: number, input: Uint8Array, output: Uint8Array): void;
  compressIntoSync(input: Uint8Array, output: Uint8Array): number;
  compressMany(ticket: number, input: Uint8Array, lengths: Uint32Array, offsets: Offsets): void;
  compressManySync(input: Uint8Array, lengths: Uint32Array, offsets: Offsets): Many;
  decompress(ticket: number, input: Uint8Array, ...limits: Limits): void;
  decompressSync(input: Uint8Array, ...limits: Limits): Uint8Array;
  decompressInto(ticket: number, input: Uint8Array, output: Uint8Array, ...limits: Limits): void;
  decompressIntoSync(input: Uint8Array, output: Uint8Array, ...limits: Limits): number;
  decompressMany(ticket: number, input: Uint8Array, lengths: Uint32Array, offsets: Offsets, ...limits: Limits): void;
  decompressManySync(input: Uint8Array, lengths: Uint32Array, offsets: Offsets, ...limits: Limits): Many;
}

/** A push form: stream.rs of native/support/codec. */
export interface Stream {
  push(ticket: number, input: Uint8Array, end: boolean): void;
  pushSync(input: Uint8Array, end: boolean): Uint8Array;
  end(): void;
}

export interface Exports {
  inspect(data: Uint8Array, lzma: boolean): Float64Array;
  memoryBudget(): number;
  readonly Codec: { open(settings: Uint32Array): Codec };
  readonly Encoder: { open(codec: Codec): Stream };
  readonly Decoder: { open(codec: Codec, ...limits: Limits): Stream };
}
