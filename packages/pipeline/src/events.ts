import type { Events } from '@chunker/core';
import type { Job } from './engine/job.js';

/** Progress is told at most this often. */
const BYTES_INTERVAL_MS = 100;

let lastId = 0;

/** Start, progress, end or error of one run, for whoever listens to its registry. */
export class RunEvents {
  readonly #events: Events;
  readonly #base: { readonly id: number; readonly kind: 'pipeline'; readonly algorithm: string; readonly operation: 'run' };
  readonly #started = performance.now();
  #told = this.#started;

  constructor(events: Events, job: Job) {
    this.#events = events;
    // Core counts its own upwards: the two never meet.
    lastId -= 1;
    const algorithm = [job.chunker, job.hash, job.codec, job.chooser].flatMap((stage) => (stage === undefined ? [] : [stage.name])).join('+');
    this.#base = { id: lastId, kind: 'pipeline', algorithm, operation: 'run' };
    const inputBytes = job.source.size;
    if (events.active) events.emit({ ...this.#base, type: 'start', at: this.#started, ...(inputBytes === undefined ? {} : { inputBytes }) });
  }

  /** `bytes` in all so far. */
  bytes(bytes: number): void {
    if (!this.#events.active) return;
    const at = performance.now();
    if (at - this.#told < BYTES_INTERVAL_MS) return;
    this.#told = at;
    this.#events.emit({ ...this.#base, type: 'bytes', at, bytes });
  }

  end({ progress, codec, chooser }: Job): void {
    if (!this.#events.active) return;
    const at = performance.now();
    const outputBytes = codec === undefined && chooser === undefined ? 0 : progress.compressedBytes;
    this.#events.emit({ ...this.#base, type: 'end', at, inputBytes: progress.bytes, outputBytes, items: progress.chunks, milliseconds: at - this.#started });
  }

  error(error: unknown): void {
    if (!this.#events.active) return;
    const at = performance.now();
    this.#events.emit({ ...this.#base, type: 'error', at, error: error instanceof Error ? error : new Error(String(error)), milliseconds: at - this.#started });
  }
}
