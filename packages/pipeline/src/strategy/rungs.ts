import type { Codec } from '@chunker/core';
import type { Rated } from './ranking.js';

/** A codec as it stands in the records of a run. */
export interface Rung {
  readonly codec: Codec;
  /** Its number in the run's table of codecs. */
  readonly index: number;
  /** Hears how long a chunk took. */
  took(milliseconds: number): void;
}

/** The one codec of a run without a strategy. */
export function onlyRung(codec: Codec): Rung {
  return { codec, index: 0, took: () => {} };
}

/** The codec that serves one kind of content now: the first of a ladder that can be taken, and the next when it is too slow. */
export class Rungs {
  readonly #ladder: readonly Rated[];
  readonly #maxMilliseconds: number;
  readonly #indexOf: (codec: Codec) => number;
  #at = 0;
  #current: Promise<Rung> | undefined;

  constructor(ladder: readonly Rated[], maxMilliseconds: number, indexOf: (codec: Codec) => number) {
    this.#ladder = ladder;
    this.#maxMilliseconds = maxMilliseconds;
    this.#indexOf = indexOf;
  }

  /** Rejects where the first one cannot be taken. */
  current(): Promise<Rung> {
    this.#current ??= this.#rung(0);
    return this.#current;
  }

  async #rung(at: number): Promise<Rung> {
    const codec = await (this.#ladder[at] as Rated).candidate.take();
    return { codec, index: this.#indexOf(codec), took: (milliseconds) => this.#took(at, milliseconds) };
  }

  /** The next that can be taken, else the one at hand. */
  async #next(now: Promise<Rung>): Promise<Rung> {
    while (this.#at + 1 < this.#ladder.length) {
      this.#at += 1;
      try {
        return await this.#rung(this.#at);
      } catch {
        // Its kernels do not work here.
      }
    }
    return now;
  }

  /** Chunks that were under way on a rung that was left already say nothing about the next. */
  #took(at: number, milliseconds: number): void {
    if (milliseconds <= this.#maxMilliseconds || at !== this.#at || at + 1 >= this.#ladder.length) return;
    this.#current = this.#next(this.#current as Promise<Rung>);
  }
}
