import { invalidPipeline } from './errors.js';
import { nextTurn } from './sources/memory.js';

/** When a run gives the event loop a turn, beside those that it gives anyhow: whichever comes first. */
export interface CooperationSettings {
  readonly bytes?: number;
  readonly chunks?: number;
  readonly microseconds?: number;
}

/** Counts work on the calling thread, and gives others a turn when it was enough. */
export class Cooperation {
  readonly #bytes: number;
  readonly #chunks: number;
  readonly #milliseconds: number;
  #doneBytes = 0;
  #doneChunks = 0;
  #since = performance.now();

  constructor(settings: CooperationSettings) {
    this.#bytes = least('bytes', settings.bytes);
    this.#chunks = least('chunks', settings.chunks);
    this.#milliseconds = least('microseconds', settings.microseconds) / 1000;
  }

  /** `bytes` and `chunks` more were worked on: a promise of the next turn where it is time for one. */
  pass(bytes: number, chunks: number): Promise<void> | undefined {
    this.#doneBytes += bytes;
    this.#doneChunks += chunks;
    const enough = this.#doneBytes >= this.#bytes || this.#doneChunks >= this.#chunks || performance.now() - this.#since >= this.#milliseconds;
    return enough ? this.#yield() : undefined;
  }

  async #yield(): Promise<void> {
    this.#doneBytes = 0;
    this.#doneChunks = 0;
    await nextTurn();
    this.#since = performance.now();
  }
}

function least(name: string, value: number | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (!(value > 0)) throw invalidPipeline(`cooperate.${name} is no number above 0`);
  return value;
}
