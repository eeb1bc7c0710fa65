interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/**
 * Lets work begin while its memory fits into a budget, in the order in which it came. What is alone always fits. Encoders are heavy (94 MiB at level 6, 674 MiB at level 9), and there may
 * be as many as threads.
 */
export class MemoryGate {
  readonly #budget: number;
  readonly #waiting: Waiting[] = [];
  #taken = 0;

  constructor(budget: number) {
    this.#budget = budget;
  }

  /** Bytes of all that has entered and not left. */
  get taken(): number {
    return this.#taken;
  }

  /** Resolves when `bytes` may be taken; `leave` gives them back. Rejects with the signal's reason, having taken nothing. */
  async enter(bytes: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#taken += bytes;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const give = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal?.reason);
        this.#admit();
      };
      const waiting = {
        bytes,
        enter: () => {
          signal?.removeEventListener('abort', give);
          resolve();
        },
      };
      signal?.addEventListener('abort', give, { once: true });
      this.#waiting.push(waiting);
    });
  }

  /** Gives back what was entered with. */
  leave(bytes: number): void {
    this.#taken -= bytes;
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#taken += next.bytes;
      next.enter();
    }
  }

  #fits(bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#budget;
  }
}
