import type { Codec } from '@chunker/core';
import type { Candidate } from './candidates.js';
import type { Rated } from './ranking.js';

/** Pieces that are tried, and the most bytes of each. */
const PIECES = 4;
const PIECE_BYTES = 64 * 1024;

/** What goes with each call of a trial. */
export interface TrialCall {
  readonly signal: AbortSignal;
  readonly reservation: { readonly bytes: number } | undefined;
}

/** Copies of the heads of a few chunks spread over the ones given: what codecs are tried on. */
export function samplesOf(chunks: readonly Uint8Array[]): Uint8Array[] {
  const step = Math.max(1, Math.floor(chunks.length / PIECES));
  return chunks
    .filter((_, i) => i % step === 0)
    .slice(0, PIECES)
    .map((chunk) => chunk.slice(0, PIECE_BYTES));
}

/**
 * Compresses the samples with each candidate, one after the other. Size is what came out; time is what the codec declares, so that the same bytes are judged in the same way every time, and only of
 * one that declares nothing what it took. One that cannot be taken or fails here is left out: the registry's events tell. Throws the first failure where none is left.
 */
export async function tried(candidates: readonly Candidate[], samples: readonly Uint8Array[], call: TrialCall): Promise<Rated[]> {
  const rated: Rated[] = [];
  const failures: unknown[] = [];
  for (const candidate of candidates) {
    try {
      rated.push({ candidate, ...(await figures(candidate, await candidate.take(), samples, call)) });
    } catch (error) {
      call.signal.throwIfAborted();
      failures.push(error);
    }
  }
  if (rated.length === 0) throw failures[0];
  return rated;
}

async function figures(
  { declared }: Candidate,
  codec: Codec,
  samples: readonly Uint8Array[],
  { signal, reservation }: TrialCall,
): Promise<Omit<Rated, 'candidate'>> {
  let [bytes, compressed] = [0, 0];
  const started = performance.now();
  for (const sample of samples) {
    bytes += sample.length;
    compressed += (await codec.compress(sample, { signal, ...(reservation === undefined ? {} : { reservation }) })).length;
  }
  const took = ((performance.now() - started) * 1e6) / bytes;
  return { nanosecondsPerByte: declared?.nanosecondsPerByte ?? took, ratio: compressed / bytes };
}
