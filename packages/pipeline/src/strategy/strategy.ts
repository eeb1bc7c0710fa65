import { ChunkerError } from '@chunker/core';

/** Ways to choose codecs. The first three go by what codecs declare of themselves, the last two by trying. */
export const STRATEGIES = ['fastest', 'balanced', 'smallest', 'auto', 'adaptive'] as const;

/** The strategies by name. */
export type StrategyName = (typeof STRATEGIES)[number];

/**
 * Compression by what is wanted instead of by a codec's name. Whatever the strategy, content that cannot be made smaller is stored as it is: what is compressed already or as good as random is not even
 * tried.
 */
export interface CompressionStrategy {
  /**
   * `fastest`, `balanced`, `smallest`: the registered codec that declares most of it, in the same way for every input. `auto`: all registered codecs are tried on samples of the input's first chunks, and
   * the one for which a second of computing buys most bytes is taken. `adaptive`: the same for each kind of content (text, programs, …) by itself.
   */
  readonly strategy: StrategyName;
  /** A chunk is stored as it is unless its compressed size is at most this part of it; above 0 to 1, default 0.95. */
  readonly minRatio?: number;
  /** Where a chunk took longer, what follows is compressed by a codec (or options) at least twice as fast by its declaration, as long as there is one. Waiting for a thread counts. Default: no limit. */
  readonly maxCompressionTimeMs?: number;
  /** Names of the codecs that may take part; default all that are registered and not deprecated. */
  readonly codecs?: readonly string[];
}

export interface ResolvedStrategy {
  readonly strategy: StrategyName;
  readonly minRatio: number;
  readonly maxMilliseconds: number;
  readonly codecs: readonly string[] | undefined;
}

/** True for what `compress()` takes as a strategy. */
export function isStrategy(value: unknown): value is CompressionStrategy {
  return typeof value === 'object' && value !== null && 'strategy' in value;
}

/** Checks a strategy and fills it in. Throws `invalid_input`. */
export function resolveStrategy(given: CompressionStrategy): ResolvedStrategy {
  const { strategy, minRatio = 0.95, maxCompressionTimeMs = Number.POSITIVE_INFINITY, codecs } = given;
  if (!(STRATEGIES as readonly string[]).includes(strategy)) throw unusable('strategy', strategy, `one of ${STRATEGIES.join(', ')}`);
  if (!(typeof minRatio === 'number' && minRatio > 0 && minRatio <= 1)) throw unusable('minRatio', minRatio, 'a number above 0, at most 1');
  if (!(typeof maxCompressionTimeMs === 'number' && maxCompressionTimeMs > 0)) throw unusable('maxCompressionTimeMs', maxCompressionTimeMs, 'a number above 0');
  if (codecs !== undefined && !(Array.isArray(codecs) && codecs.length > 0 && codecs.every((name) => typeof name === 'string'))) {
    throw unusable('codecs', codecs, 'names of codecs');
  }
  return { strategy, minRatio, maxMilliseconds: maxCompressionTimeMs, codecs };
}

function unusable(name: string, value: unknown, expected: string): ChunkerError {
  return new ChunkerError('invalid_input', { name, value: String(value), expected });
}
