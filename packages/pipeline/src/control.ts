import { invalidPipeline } from './errors.js';

/** Says when a run is to stop reading: it was asked to, or its time is over. What was read by then goes through all stages. */
export class Control {
  readonly #cpuLimitMs: number;
  readonly #startedCpu = cpuMilliseconds();
  #stopping: 'asked' | 'cpu_time' | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(cpuLimitMs = Number.POSITIVE_INFINITY) {
    if (!(cpuLimitMs >= 0)) throw invalidPipeline('cpuTimeMs is no number of milliseconds from 0');
    this.#cpuLimitMs = cpuLimitMs;
  }

  /** Why the run stopped before the end of the input, or undefined. */
  get stopped(): 'asked' | 'cpu_time' | undefined {
    return this.#ended ? undefined : this.#stopping;
  }

  /** The last byte was read: there is nothing to stop any more. */
  reachedEnd(): void {
    this.#ended = true;
  }

  /** CPU time that the process has used since the run began. */
  get cpuMs(): number {
    return cpuMilliseconds() - this.#startedCpu;
  }

  stop(): void {
    this.#stopping ??= 'asked';
    this.#wake?.();
  }

  /** To be asked between two windows. */
  isOver(): boolean {
    if (this.#stopping === undefined && this.#cpuLimitMs !== Number.POSITIVE_INFINITY && this.cpuMs >= this.#cpuLimitMs) this.#stopping = 'cpu_time';
    return this.#stopping !== undefined;
  }

  /** The promise's value, or undefined as soon as the run is asked to stop: a source may keep it waiting for ever. One at a time. */
  unlessStopped<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise<T | undefined>((resolve, reject) => {
      this.#wake = () => resolve(undefined);
      if (this.#stopping !== undefined) resolve(undefined);
      work.then(resolve, reject);
    });
  }
}

/** Of all threads of the process; where the runtime does not tell, time on the clock. */
function cpuMilliseconds(): number {
  const usage = globalThis.process?.cpuUsage?.();
  return usage === undefined ? performance.now() : (usage.user + usage.system) / 1000;
}
