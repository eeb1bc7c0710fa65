import type { Events } from '@chunker/core';
import type { Job } from './engine/job.js';
import { ProgressMeter, type RunProgress } from './progress.js';

/** Progress is told at most this often. */
const INTERVAL_MS = 100;

let lastId = 0;

/** Start, progress, end or error of one run, for whoever listens to its registry. */
export class RunEvents {
  readonly #events: Events;
  readonly #base: { readonly id: number; readonly kind: 'pipeline'; readonly algorithm: string; readonly operation: 'run' };
  readonly #onProgress: ((progress: RunProgress) => void) | undefined;
  readonly #started = performance.now();
  readonly #meter = new ProgressMeter(INTERVAL_MS);

  constructor(events: Events, job: Job, onProgress: ((progress: RunProgress) => void) | undefined) {
    this.#events = events;
    this.#onProgress = onProgress;
    // Core counts its own upwards: the two never meet.
    lastId -= 1;
    const algorithm = [job.chunker, job.hash, job.codec, job.chooser].flatMap((stage) => (stage === undefined ? [] : [stage.name])).join('+');
    this.#base = { id: lastId, kind: 'pipeline', algorithm, operation: 'run' };
    const inputBytes = job.source.size;
    if (events.active) events.emit({ ...this.#base, type: 'start', at: this.#started, ...(inputBytes === undefined ? {} : { inputBytes }) });
  }

  /** Tells of progress where an interval is over and somebody listens. What the caller's own function throws ends the run. */
  progress(job: Job): void {
    if (!this.#events.active && this.#onProgress === undefined) return;
    const at = performance.now();
    if (this.#meter.isDue(at)) this.#tell(job, at);
  }

  #tell(job: Job, at: number): void {
    const { size } = job.source;
    const told = this.#meter.read(at, job.progress, size === undefined ? undefined : size + job.start);
    const { bytes, chunks: items, bytesPerSecond, totalBytes, secondsLeft } = told;
    if (this.#events.active) {
      const known = { ...(totalBytes === undefined ? {} : { totalBytes }), ...(secondsLeft === undefined ? {} : { secondsLeft }) };
      this.#events.emit({ ...this.#base, type: 'bytes', at, bytes, items, bytesPerSecond, ...known });
    }
    this.#onProgress?.(told);
  }

  /** The callback hears of the end in any case: a short run has no interval. */
  end(job: Job): void {
    const { progress, codec, chooser } = job;
    if (this.#onProgress !== undefined) this.#onProgress(this.#meter.read(performance.now(), progress, progress.bytes));
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
