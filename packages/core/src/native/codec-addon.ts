/** The classes that `codec_doors!` makes of every codec: doors.rs and stream.rs of native/support/codec. */

/** Limits as they cross: no limit is the largest safe integer. */
export type NativeLimits = readonly [maxOutputBytes: number, maxMemoryBytes: number, allowTrailing: boolean];
/** Where ranges begin; undefined: one behind the other. */
export type NativeOffsets = Float64Array | undefined;
/** Results, their lengths, the indices of failed items, and a JSON array of `[code, details]`. */
export type NativeMany = readonly [Uint8Array, Uint32Array, Uint32Array, string];

/** A codec with its options. */
export interface NativeCodec {
  check(): void;
  compress(ticket: number, input: Uint8Array): void;
  compressSync(input: Uint8Array): Uint8Array;
  compressInto(ticket: number, input: Uint8Array, output: Uint8Array): void;
  compressIntoSync(input: Uint8Array, output: Uint8Array): number;
  compressMany(ticket: number, input: Uint8Array, lengths: Uint32Array, offsets: NativeOffsets): void;
  compressManySync(input: Uint8Array, lengths: Uint32Array, offsets: NativeOffsets): NativeMany;
  decompress(ticket: number, input: Uint8Array, ...limits: NativeLimits): void;
  decompressSync(input: Uint8Array, ...limits: NativeLimits): Uint8Array;
  decompressInto(ticket: number, input: Uint8Array, output: Uint8Array, ...limits: NativeLimits): void;
  decompressIntoSync(input: Uint8Array, output: Uint8Array, ...limits: NativeLimits): number;
  decompressMany(ticket: number, input: Uint8Array, lengths: Uint32Array, offsets: NativeOffsets, ...limits: NativeLimits): void;
  decompressManySync(input: Uint8Array, lengths: Uint32Array, offsets: NativeOffsets, ...limits: NativeLimits): NativeMany;
}

/** A push form. */
export interface NativeStream {
  push(ticket: number, input: Uint8Array, end: boolean): void;
  pushSync(input: Uint8Array, end: boolean): Uint8Array;
  end(): void;
}

/** An addon of a codec; `Codec` has what opens one besides. */
export interface CodecAddon<Codec extends NativeCodec = NativeCodec> {
  /** Bytes that encoders at work may take together. */
  memoryBudget(): number;
  readonly Encoder: { open(codec: Codec): NativeStream };
  readonly Decoder: { open(codec: Codec, ...limits: NativeLimits): NativeStream };
}
