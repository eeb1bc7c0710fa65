import type { Abortable, Lifetime } from './lifetime.js';
import { type Watch, watchOf } from './watch.js';

/** What is told of the work besides its outcome reaching the caller. */
export interface Told<T> {
  /** The work ended, whoever still waits for it. */
  leave(): void;
  /** It succeeded, and the caller is about to be answered. What this throws is the answer instead. */
  succeeded(value: T): void;
  /** What the caller is to see instead of what was thrown. */
  failed(thrown: unknown): unknown;
}

/**
 * A promise of the work's result, the abort's reason or the registry's end, whichever comes first. It is its own entry in the registry's list of what runs: thousands may be in flight, and each closure
 * and each promise between them would show.
 */
export class FirstOf<T> implements Abortable {
  readonly promise: Promise<T>;
  readonly #life: Lifetime | undefined;
  readonly #watch: Watch | undefined;
  readonly #told: Told<T> | undefined;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;
  #place = -1;
  #watchPlace = -1;
  #answered = false;

  /** Without `life` and `signal`, the work's outcome alone counts. */
  constructor(work: PromiseLike<T>, life: Lifetime | undefined, signal: AbortSignal | undefined, told?: Told<T>) {
    this.#life = life;
    this.#watch = signal === undefined ? undefined : watchOf(signal);
    this.#told = told;
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    work.then(
      (value) => this.#succeed(value),
      (thrown) => {
        told?.leave();
        this.abort(thrown);
      },
    );
    if (signal?.aborted === true) this.abort(signal.reason);
    // Also where `then` of a stranger's promise has called back at once.
    if (this.#answered) return;
    if (life !== undefined) this.#place = life.onAbort(this);
    if (this.#watch !== undefined) this.#watchPlace = this.#watch.add(this);
  }

  /** Answers with a failure, unless it has answered. */
  abort(thrown: unknown): void {
    if (this.#answered) return;
    this.#forget();
    this.#reject(this.#told === undefined ? thrown : this.#told.failed(thrown));
  }

  #succeed(value: T): void {
    this.#told?.leave();
    if (this.#answered) return;
    this.#forget();
    try {
      this.#told?.succeeded(value);
      this.#resolve(value);
    } catch (thrown) {
      this.#reject(this.#told?.failed(thrown));
    }
  }

  #forget(): void {
    this.#answered = true;
    if (this.#place >= 0) this.#life?.offAbort(this.#place);
    if (this.#watchPlace >= 0) this.#watch?.remove(this.#watchPlace);
  }
}
