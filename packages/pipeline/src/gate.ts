/**
 * Credits that are awaited in order of asking. Closing it wakes all who wait: a pipeline that stops must leave nobody behind.
 */
export class Gate {
  #free: number;
  #closed: { readonly error: unknown } | undefined;
  readonly #waiting: { readonly open: () => void; readonly refuse: (error: unknown) => void }[] = [];

  constructor(credits: number) {
    this.#free = credits;
  }

  /** Resolves when a credit was taken; rejects with the reason once the gate is closed. */
  enter(): Promise<void> | undefined {
    if (this.#closed !== undefined) return Promise.reject(this.#closed.error);
    if (this.#free > 0) {
      this.#free -= 1;
      return undefined;
    }
    return new Promise((open, refuse) => this.#waiting.push({ open, refuse }));
  }

  /** Gives a credit back. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next.open();
  }

  close(error: unknown): void {
    if (this.#closed !== undefined) return;
    this.#closed = { error };
    for (const { refuse } of this.#waiting.splice(0)) refuse(error);
  }
}
