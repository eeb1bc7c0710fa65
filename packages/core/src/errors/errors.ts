import type { ErrorCode, ErrorDetails } from './codes.js';
import { PROSE } from './messages.js';

// Registered symbols, not private ones: two copies of core in one process recognise each other's errors.
const BRAND: unique symbol = Symbol.for('chunker.error');

/** What may be said besides the code and its facts. */
export interface ErrorParameters {
  readonly cause?: unknown;
  /** The sentence behind the code; core knows one for its own codes. */
  readonly message?: string;
}

/**
 * The base of all errors that Chunker throws on purpose. `code` is for programs, `details` are the facts, `message` begins with the code and is for people. Never holds input bytes.
 */
export class ChunkerError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;
  readonly details: ErrorDetails[Code];

  constructor(code: Code, details: ErrorDetails[Code], parameters: ErrorParameters = {}) {
    const prose = parameters.message ?? (PROSE[code] as ((d: ErrorDetails[Code]) => string) | undefined)?.(details);
    super(prose === undefined ? code : `${code}: ${prose}`, 'cause' in parameters ? { cause: parameters.cause } : undefined);
    this.code = code;
    this.details = details;
    Object.defineProperty(this, BRAND, { value: true });
  }

  override get name(): string {
    return this.constructor.name;
  }

  /** For logs: the facts without the stack. */
  toJSON(): { readonly code: Code; readonly message: string; readonly details: ErrorDetails[Code] } {
    return { code: this.code, message: this.message, details: this.details };
  }
}

/** Cutting into chunks went wrong. */
export class ChunkingError<Code extends ErrorCode = ErrorCode> extends ChunkerError<Code> {}
/** Compressing or decompressing went wrong. */
export class CompressionError<Code extends ErrorCode = ErrorCode> extends ChunkerError<Code> {}
/** Hashing went wrong. */
export class HashingError<Code extends ErrorCode = ErrorCode> extends ChunkerError<Code> {}
/** Signing or verifying went wrong. */
export class SigningError<Code extends ErrorCode = ErrorCode> extends ChunkerError<Code> {}
/** Reading or writing a Nix archive went wrong. */
export class NarError<Code extends ErrorCode = ErrorCode> extends ChunkerError<Code> {}
/** The store could not do what was asked. */
export class StoreError<Code extends ErrorCode = ErrorCode> extends ChunkerError<Code> {}
/** Registering, taking or configuring an algorithm went wrong. */
export class RegistryError<Code extends ErrorCode = ErrorCode> extends ChunkerError<Code> {}
/** Files could not be read or written. */
export class IoError<Code extends ErrorCode = ErrorCode> extends ChunkerError<Code> {}
/** A pipeline stopped; `details` name the stage and the offset. */
export class PipelineError<Code extends ErrorCode = ErrorCode> extends ChunkerError<Code> {}

/** True for Chunker's errors, also those of another copy of core; with a code, for that one only. Never throws, whatever was thrown: a Proxy may be. */
export function isChunkerError<Code extends ErrorCode>(error: unknown, code?: Code): error is ChunkerError<Code> {
  try {
    if (!(error instanceof Error) || !(BRAND in error)) return false;
    return code === undefined || (error as unknown as ChunkerError).code === code;
  } catch {
    return false;
  }
}
