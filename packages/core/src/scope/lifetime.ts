import { RegistryError } from '../errors/index.js';

/** Whether a registry lives, and what runs in it. */
export class Lifetime {
  #disposed = false;
  #aborted = false;
  #running = 0;
  readonly #abortable = new Set<(error: Error) => void>();
  #idle: (() => void) | undefined;

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Throws `registry_disposed` after disposal. */
  check(name?: string): void {
    if (this.#disposed) throw disposedError(name);
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

  /** Asks to be told when running work is to be aborted, until `offAbort`. */
  onAbort(listener: (error: Error) => void): void {
    this.#abortable.add(listener);
  }

  offAbort(listener: (error: Error) => void): void {
    this.#abortable.delete(listener);
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
      for (const listener of [...this.#abortable]) listener(error);
      // Who waits since before waits no longer.
      this.#idle?.();
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
