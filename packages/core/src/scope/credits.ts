interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

/**
 * Bounds the bytes that are in flight away from the calling thread. First come, first served; what alone is over the bound runs when nothing else does.
 */
export class Credits {
  readonly #limit: number;
  readonly #queue: Waiting[] = [];
  inFlight = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes credit; undefined when it was there at once, else a promise of it. Give it back with `give`. */
  take(bytes: number): Promise<void> | undefined {
    if (this.#queue.length === 0 && this.#fits(bytes)) {
      this.inFlight += bytes;
      return undefined;
    }
    return new Promise((resolve) => this.#queue.push({ bytes, start: resolve }));
  }

  give(bytes: number): void {
    this.inFlight -= bytes;
    while (this.#queue.length > 0 && this.#fits((this.#queue[0] as Waiting).bytes)) {
      const next = this.#queue.shift() as Waiting;
      this.inFlight += next.bytes;
      next.start();
    }
  }

  #fits(bytes: number): boolean {
    return this.inFlight === 0 || this.inFlight + bytes <= this.#limit;
  }
}
