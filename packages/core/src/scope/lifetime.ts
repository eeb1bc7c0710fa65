import { RegistryError } from '../errors/index.js';
import { Places } from './places.js';

/** Work that spans many calls and can end early in good order, like a pipeline's run. */
export interface Enlisted {
  /** Asks it to end at the next point where nothing is lost. It may be asked several times. */
  stop(): void;
}

/** Running work that ends early when its registry does. */
export interface Abortable {
  abort(error: Error): void;
}

/** Whether a registry lives, and what runs in it. */
export class Lifetime {
  #disposed = false;
  #draining = false;
  #streams = 0;
  #drained: (() => void) | undefined;
  readonly #enlisted = new Set<Enlisted>();
  #aborted = false;
  #running = 0;
  readonly #abortable = new Places<Abortable>();
  #idle: (() => void) | undefined;

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Throws `registry_disposed` after disposal. */
  check(name?: string): void {
    if (this.#disposed) throw disposedError(name);
  }

  /** The same for what begins and lasts, streams and runs: refused while the registry waits for those under way. */
  checkOpening(name?: string): void {
    if (this.#disposed || this.#draining) throw disposedError(name);
  }

  /** Counts one open stream, until the function that it answers is called. */
  open(): () => void {
    this.#streams += 1;
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#streams -= 1;
      this.#tellDrained();
    };
  }

  /** Counts work that is asked to stop when the registry drains, until the function that it answers is called. */
  enlist(work: Enlisted): () => void {
    this.checkOpening();
    // An object of its own: the same work may enlist twice.
    const entry = { stop: () => work.stop() };
    this.#enlisted.add(entry);
    return () => {
      this.#enlisted.delete(entry);
      this.#tellDrained();
    };
  }

  /** Refuses new streams and runs, asks runs to stop, and waits until all have ended; calls go on meanwhile. False when `graceMs` was over before. */
  async drain(graceMs: number | undefined): Promise<boolean> {
    this.#draining = true;
    for (const work of this.#enlisted) {
      try {
        work.stop();
      } catch {
        // What cannot be asked is waited for all the same.
      }
    }
    if (this.#isDrained) return true;
    return new Promise<boolean>((resolve) => {
      const timer = graceMs === undefined ? undefined : setTimeout(() => resolve(false), graceMs);
      this.#drained = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  get #isDrained(): boolean {
    return this.#streams === 0 && this.#enlisted.size === 0;
  }

  #tellDrained(): void {
    if (this.#isDrained) this.#drained?.();
  }

  /** Between the steps of work that was counted: disposal waits for it, so only an abort is in its way. Throws `registry_disposed`. */
  goOn(name?: string): void {
    if (this.#aborted) throw disposedError(name);
  }

  /** Counts one operation that runs, until `leave`. */
  enter(): void {
    this.#running++;
  }

  leave(): void {
    this.#running--;
    if (this.#running === 0) this.#idle?.();
  }

  /** Asks to be told when running work is to be aborted, until `offAbort` with what it answers. */
  onAbort(work: Abortable): number {
    return this.#abortable.add(work);
  }

  /** Once for each `onAbort`. */
  offAbort(place: number): void {
    this.#abortable.remove(place);
  }

  /** Refuses new work from now on. */
  close(): void {
    this.#disposed = true;
  }

  /** Refuses new work, then waits until nothing runs; with `abort`, what runs is rejected by `registry_disposed` first. */
  async end(abort: boolean): Promise<void> {
    this.#disposed = true;
    if (abort) {
      this.#aborted = true;
      const error = disposedError();
      for (const work of this.#abortable.all()) work.abort(error);
      // Who waits since before waits no longer.
      this.#idle?.();
      this.#drained?.();
      return;
    }
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
  }
}

function disposedError(name?: string): RegistryError<'registry_disposed'> {
  return new RegistryError('registry_disposed', name === undefined ? {} : { name });
}
