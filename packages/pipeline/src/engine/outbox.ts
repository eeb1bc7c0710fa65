/**
 * Where finished work waits for whoever pulls: in the order in which it was announced, or as it is done. It is not bounded itself; what is in it holds windows, and those are.
 */
export class Outbox<T> {
  readonly #ordered: boolean;
  readonly #done: T[] = [];
  readonly #slots: { value?: T }[] = [];
  #open = 0;
  #closed = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /** Announces a piece of work; the function returned delivers it. */
  announce(): (value: T) => void {
    this.#open += 1;
    if (!this.#ordered) return (value) => this.#finish(() => this.#done.push(value));
    const slot: { value?: T } = {};
    this.#slots.push(slot);
    return (value) =>
      this.#finish(() => {
        slot.value = value;
        while (this.#slots[0]?.value !== undefined) this.#done.push(this.#slots.shift()?.value as T);
      });
  }

  /** No more announcements. */
  close(): void {
    this.#closed = true;
    this.#stir();
  }

  /** Whoever pulls gets this error; the first one counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stir();
  }

  /** The next finished piece, or undefined after the last. */
  async next(): Promise<T | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#done.length > 0) return this.#done.shift();
      if (this.#closed && this.#open === 0) return undefined;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  #finish(deliver: () => void): void {
    this.#open -= 1;
    deliver();
    this.#stir();
  }

  #stir(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
