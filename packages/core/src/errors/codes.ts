import type { AlgorithmKind, KernelReport } from '../contracts/index.js';

/** Facts that many errors carry. */
export interface CommonDetails {
  /** Name of the algorithm concerned. */
  readonly algorithm?: string;
  /** `compress`, `hash`, `chunk`, `unpack`, … */
  readonly operation?: string;
  /** Byte offset in the input where the trouble begins. */
  readonly offset?: number;
}

/**
 * All public error codes with the facts that each carries. The doc comment of a member is its row in docs/reference/errors.md. Packages with codes of their own add members
 * by declaration merging.
 */
export interface ErrorDetails {
  /** The data cannot be what they claim to be. */
  corrupt_data: CommonDetails & { readonly reason?: string };
  /** The data end too early. */
  truncated_input: CommonDetails & { readonly missingBytes?: number };
  /** Data and checksum disagree. */
  checksum_mismatch: CommonDetails & { readonly expected?: string; readonly actual?: string };
  /** Something follows the end of the data. */
  trailing_data: CommonDetails & { readonly trailingBytes?: number };
  /** No registered codec recognises the data; `head` is their first eight bytes in hex. */
  unknown_format: { readonly head: string; readonly registered: readonly string[] };
  /** A valid use of the format that this implementation does not read. */
  unsupported_feature: CommonDetails & { readonly feature: string };
  /** The result would be larger than the limit. `declared` is what the data claim. */
  size_exceeded: CommonDetails & { readonly limit: number; readonly declared?: number };
  /** Memory over a limit was asked for: the decoder's own, the budget of the registry, or the limit for one buffer. */
  memory_limit_exceeded: CommonDetails & { readonly scope: 'decoder' | 'budget' | 'buffer'; readonly limit: number; readonly needed?: number };
  /** The caller's output buffer does not hold the result. */
  output_too_small: CommonDetails & { readonly available: number; readonly needed?: number };
  /** The buffers of a stream or pipeline would grow beyond their limit. */
  buffer_limit_exceeded: { readonly attempted: number; readonly limit: number };
  /** Memory could not be had. */
  out_of_memory: CommonDetails & { readonly bytes: number };
  /** The data were compressed with a dictionary that was not given. */
  dictionary_missing: CommonDetails & { readonly id: number };
  /** The dictionary given is not the one that the data were compressed with, or cannot be read. */
  dictionary_mismatch: CommonDetails & { readonly id?: number; readonly given?: number };
  /** An argument of a call has the wrong type or range. */
  invalid_input: CommonDetails & { readonly name: string; readonly value?: string; readonly expected?: string };
  /** Options of a codec or hash that its schema refuses. */
  invalid_options: OptionDetails;
  /** Parameters of a chunker that its schema refuses. */
  invalid_chunking_options: OptionDetails;
  /** A spec such as `zstd:level=9` that cannot be read. */
  invalid_spec: { readonly spec: string; readonly reason: string };
  /** Text that is no hex, base64, SRI or nix-base32. */
  invalid_encoding: { readonly encoding: string; readonly reason: string; readonly offset?: number };
  /** The operation was aborted without a reason of the caller's own. */
  aborted: CommonDetails;
  /** A synchronous call of something that answers later. */
  sync_unavailable: CommonDetails;
  /** A plugin's method threw or returned what the contract forbids; `cause` is what it threw. */
  plugin_failed: CommonDetails & { readonly reason?: string };
  /** Native code panicked; the call is lost, the process is not. */
  native_panic: CommonDetails & { readonly reason?: string };
  /** One scratch was used by two calls at once. */
  scratch_in_use: CommonDetails;
  /** A push interface was used after its end or after an error. */
  already_finished: CommonDetails;
  /** The registry was disposed. */
  registry_disposed: { readonly name?: string };
  /** The name is registered already. */
  duplicate_name: { readonly kind: AlgorithmKind; readonly name: string };
  /** Another codec has the same magic bytes. */
  duplicate_magic: { readonly name: string; readonly other: string; readonly magic: string };
  /** The definition does not keep the contract's form. */
  invalid_plugin: { readonly name?: string; readonly reason: string };
  /** The definition was made for another major version of the contract. */
  incompatible_contract: { readonly name: string; readonly expected: string; readonly actual: string };
  /** Nothing of this name is registered. `install` names the package, where the name is one of Chunker's. */
  algorithm_unknown: { readonly kind: AlgorithmKind; readonly name: string; readonly registered: readonly string[]; readonly install?: string };
  /** No kernel of the algorithm works here; `tried` says why for each. */
  algorithm_unavailable: { readonly kind: AlgorithmKind; readonly name: string; readonly tried: readonly KernelReport[]; readonly install?: string };
  /** Two kernels gave different results; the trusted one's was returned. */
  kernel_mismatch: CommonDetails & { readonly kernel: string; readonly trusted: string };
}

/** What is wrong with one option. */
export interface OptionDetails {
  readonly algorithm: string;
  readonly name: string;
  readonly value: string;
  readonly range?: string;
  readonly reason: string;
}

/** Every code that an error of Chunker may have; packages add theirs to `ErrorDetails`. */
export type ErrorCode = keyof ErrorDetails;
