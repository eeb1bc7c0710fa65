import { ChunkerError, isChunkerError } from '@chunker/core';
import type {} from '@chunker/pipeline';

declare module '@chunker/core' {
  interface ErrorDetails {
    /** The command line cannot be understood. */
    invalid_usage: { readonly reason: string };
    /** Files, or sums, of several that were asked for failed; each was reported. */
    partly_failed: { readonly failed: number };
    /** Interrupted by a signal. */
    interrupted: { readonly signal: string };
  }
}

/** Exit statuses that scripts lean on. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

const USAGE_CODES: readonly string[] = ['invalid_usage', 'invalid_spec', 'invalid_options', 'invalid_chunking_options', 'algorithm_unknown'];

export function usageError(reason: string): ChunkerError {
  return new ChunkerError('invalid_usage', { reason }, { message: reason });
}

/** The reader of standard output has gone: the command ends without a word. */
export class ClosedPipe extends Error {}

/** Ctrl-C, or another signal that ends a process. */
export class Interrupted extends ChunkerError<'interrupted'> {
  readonly status: number;

  constructor(signal: string, status: number) {
    super('interrupted', { signal }, { message: `interrupted by ${signal}` });
    this.status = status;
  }
}

/** A file that cannot be read is the matter itself; which stage of a pipeline met it is not. */
export function withoutStage(error: unknown): unknown {
  const stage = isChunkerError(error, 'stage_failed') ? error.details.stage : undefined;
  return stage === 'read' && isChunkerError((error as Error).cause) ? (error as Error).cause : error;
}

/** What is printed of an error, whatever was thrown. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** More than the longest path: what else is long was typed as one word, and is not repeated whole. */
const MOST_CHARACTERS = 4500;

export function failureOf(error: unknown): Failure {
  const failure = unlimited(error);
  return failure.message.length <= MOST_CHARACTERS ? failure : { ...failure, message: `${failure.message.slice(0, MOST_CHARACTERS)}…` };
}

function unlimited(error: unknown): Failure {
  if (isChunkerError(error)) return { code: error.code, message: error.message, details: { ...error.details } };
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const { code, syscall, path } = error as NodeJS.ErrnoException;
    const details = { errno: code as string, ...(syscall === undefined ? {} : { syscall }), ...(path === undefined ? {} : { path: String(path) }) };
    return { code: 'io_error', message: `io_error: ${error.message}`, details };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { code: 'internal_error', message: `internal_error: ${text}`, details: {} };
}

export function exitStatus(error: unknown): number {
  if (error instanceof ClosedPipe) return EXIT.done;
  if (error instanceof Interrupted) return error.status;
  return USAGE_CODES.includes(failureOf(error).code) ? EXIT.usage : EXIT.failed;
}
