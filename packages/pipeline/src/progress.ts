import type { Progress } from './engine/job.js';

/** How far a run is. */
export interface RunProgress {
  /** Bytes of chunks that came to the end of their last stage. */
  readonly bytes: number;
  /** Bytes that were read: ahead of `bytes` by what is under way. */
  readonly readBytes: number;
  /** Bytes in all, where the source tells. */
  readonly totalBytes?: number;
  readonly chunks: number;
  readonly uniqueBytes: number;
  readonly compressedBytes: number;
  /** Over the last seconds, older ones counting less; 0 before the first interval is over. */
  readonly bytesPerSecond: number;
  /** At that rate; absent where the total is unknown or nothing moves. */
  readonly secondsLeft?: number;
}

/** What happened longer ago counts for less than a third. */
const MEMORY_SECONDS = 3;

/** The rate of a run, told at most so often. */
export class ProgressMeter {
  readonly #intervalMs: number;
  #told = performance.now();
  #bytes = 0;
  #rate = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** True when an interval is over. */
  isDue(now: number): boolean {
    return now - this.#told >= this.#intervalMs;
  }

  read(now: number, { doneBytes: bytes, readBytes, chunks, uniqueBytes, compressedBytes }: Progress, totalBytes: number | undefined): RunProgress {
    const seconds = (now - this.#told) / 1000;
    if (seconds > 0) {
      const recent = (bytes - this.#bytes) / seconds;
      const kept = this.#rate === 0 ? 0 : Math.exp(-seconds / MEMORY_SECONDS);
      this.#rate = kept * this.#rate + (1 - kept) * recent;
    }
    this.#told = now;
    this.#bytes = bytes;
    const bytesPerSecond = this.#rate;
    const told = { bytes, readBytes, chunks, uniqueBytes, compressedBytes, bytesPerSecond };
    if (totalBytes === undefined) return told;
    return { ...told, totalBytes, ...(bytesPerSecond > 0 ? { secondsLeft: Math.max(0, totalBytes - bytes) / bytesPerSecond } : {}) };
  }
}
