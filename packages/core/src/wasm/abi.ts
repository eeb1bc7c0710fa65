// The numbers of the interface that all of Chunker's WebAssembly modules share: docs/formats/wasm-abi.md. The same ones stand in
// native/wasm-abi/src/lib.rs; a test compares the two files.

/** Version of the interface; `describe` answers it in its lowest eight bits. */
export const WASM_ABI_VERSION = 1;

/** Operations of `call`. */
export const WasmOp = {
  describe: 0,
  hash: 1,
  hashMany: 2,
  hashCreate: 3,
  hashUpdate: 4,
  hashDigest: 5,
  hashClone: 6,
  hashDrop: 7,
  compress: 16,
  decompress: 17,
  compressBound: 18,
  contentSize: 19,
  compressorCreate: 24,
  decompressorCreate: 25,
  push: 26,
  pushEnd: 27,
  pushDrop: 28,
  cutAll: 32,
} as const;

/** Groups of operations that a module offers: the bits of `describe` from the ninth. */
export const WasmGroup = { hash: 1, codec: 2, chunker: 4 } as const;

/** The error codes: `call` answers the negated index. Index 0 is no error; what lies beyond the table came from a newer module. */
export const WASM_ERROR_CODES = [
  undefined,
  'corrupt_data',
  'truncated_input',
  'checksum_mismatch',
  'trailing_data',
  'unsupported_feature',
  'size_exceeded',
  'memory_limit_exceeded',
  'output_too_small',
  'out_of_memory',
  'dictionary_missing',
  'dictionary_mismatch',
  'invalid_input',
  'invalid_options',
  'already_finished',
  'aborted',
] as const;

/** A WebAssembly address or length: an unsigned 32-bit number; `alloc` and `call` may answer it as a signed one. */
type Address = number;

/** What every module exports, and nothing else. It imports nothing. */
export interface WasmExports {
  readonly memory: WebAssembly.Memory;
  /** Memory of `bytes` bytes, aligned to 16; 0 when it cannot be had. May grow the memory: views of its buffer are stale after it, and after `call`. */
  alloc(bytes: number): Address;
  /** Gives back what `alloc(bytes)` gave. */
  free(address: Address, bytes: number): void;
  /**
   * Runs one operation. Answers a value or a number of bytes written (>= 0), or a negated index into `WASM_ERROR_CODES`. In operations on a state, `options` is
   * its handle and `optionsBytes` 0. A trap leaves the instance unusable: drop it.
   */
  call(op: number, input: Address, inputBytes: number, output: Address, outputBytes: number, options: Address, optionsBytes: number): bigint;
}
