import type { AlgorithmKind } from '../contracts/index.js';
import type { CommonDetails, ErrorCode, ErrorDetails } from './codes.js';
import { type ChunkerError, type ErrorParameters, ChunkingError, CompressionError, HashingError, isChunkerError } from './errors.js';

const AREAS = { codec: CompressionError, hash: HashingError, chunker: ChunkingError } as const;

/** The error of the area that an algorithm's kind belongs to. */
export function areaError<Code extends ErrorCode>(
  kind: AlgorithmKind,
  code: Code,
  details: ErrorDetails[Code],
  parameters?: ErrorParameters,
): ChunkerError<Code> {
  return new AREAS[kind](code, details, parameters);
}

/** What is wrong with a foreign error, in words. Never throws: a hostile plugin may throw anything, a Proxy too. */
export function describeThrown(thrown: unknown): string {
  try {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return typeof text === 'string' ? text.slice(0, 500) : 'an error without words';
  } catch {
    return 'an error without words';
  }
}

/** True for core's errors; never throws, whatever was thrown. */
export function isOurs(thrown: unknown): thrown is ChunkerError {
  try {
    return isChunkerError(thrown);
  } catch {
    return false;
  }
}

/** Core's own errors as they are, anything else as `plugin_failed` with its cause. */
export function asPluginError(kind: AlgorithmKind, details: CommonDetails, thrown: unknown): Error {
  if (isOurs(thrown)) return thrown;
  return areaError(kind, 'plugin_failed', { ...details, reason: describeThrown(thrown) }, { cause: thrown });
}
