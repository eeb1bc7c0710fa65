import type { Candidate } from './candidates.js';
import type { StrategyName } from './strategy.js';

/** A candidate and what is known of it: as declared, or as found by trying. */
export interface Rated {
  readonly candidate: Candidate;
  readonly nanosecondsPerByte: number;
  readonly ratio: number;
}

/** What a byte less is worth, in nanoseconds of computing: where neither time nor size goes before all, what it takes to send it at 50 MB/s. */
const WORTH: Readonly<Record<StrategyName, number>> = { fastest: 0, balanced: 20, smallest: Number.POSITIVE_INFINITY, auto: 20, adaptive: 20 };

/** The best first. Equal ones stay in order of registration. */
export function ranked(strategy: StrategyName, rated: readonly Rated[]): Rated[] {
  const worth = WORTH[strategy];
  if (worth === Number.POSITIVE_INFINITY) return [...rated].sort((a, b) => a.ratio - b.ratio || a.nanosecondsPerByte - b.nanosecondsPerByte);
  const cost = ({ nanosecondsPerByte, ratio }: Rated) => nanosecondsPerByte + worth * ratio;
  return [...rated].sort((a, b) => cost(a) - cost(b) || a.ratio - b.ratio);
}

/** Those that declare figures, rated by them. */
export function declaredOf(candidates: readonly Candidate[]): Rated[] {
  return candidates.flatMap((candidate) => (candidate.declared === undefined ? [] : [{ candidate, ...candidate.declared }]));
}

/** The chosen one, and what to go over to when it takes too long: each at least twice as fast as the one before. */
export function ladderFrom(first: Rated, rated: readonly Rated[]): Rated[] {
  const ladder = [first];
  const faster = rated.filter((one) => one !== first).sort((a, b) => b.nanosecondsPerByte - a.nanosecondsPerByte);
  for (const one of faster) if (one.nanosecondsPerByte <= (ladder.at(-1) as Rated).nanosecondsPerByte / 2) ladder.push(one);
  return ladder;
}
