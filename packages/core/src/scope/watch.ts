import type { Abortable } from './lifetime.js';
import { Places } from './places.js';

/**
 * Work that ends early when a signal aborts. One listener for all of it: thousands of operations run under one signal, and the runtime's lists of listeners are searched from the start for each that
 * leaves, and keep what left for a while (with all that it holds) once the collector has taken it for long-lived.
 */
export class Watch {
  readonly #signal: AbortSignal;
  readonly #members = new Places<Abortable>();
  readonly #tell = () => {
    for (const member of this.#members.all()) member.abort(this.#signal.reason);
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** The place of this work, for `remove`. The signal has not aborted. */
  add(work: Abortable): number {
    if (this.#members.size === 0) this.#signal.addEventListener('abort', this.#tell);
    return this.#members.add(work);
  }

  /** Once for each `add`. */
  remove(place: number): void {
    this.#members.remove(place);
    if (this.#members.size === 0) this.#signal.removeEventListener('abort', this.#tell);
  }
}

const watches = new WeakMap<AbortSignal, Watch>();

/** The watch of a signal. */
export function watchOf(signal: AbortSignal): Watch {
  const known = watches.get(signal);
  if (known !== undefined) return known;
  const watch = new Watch(signal);
  watches.set(signal, watch);
  return watch;
}
