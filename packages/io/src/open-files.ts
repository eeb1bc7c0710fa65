import { readFileSync } from 'node:fs';

/** Descriptors left to the rest of the process. */
const RESERVE = 64;
/** Where the limit cannot be known: what every system allows. */
const USUAL_LIMIT = 256;

/** Lets at most `capacity` in at a time; the others wait in order. */
export class Gate {
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(readonly capacity: number) {}

  /** Answers the function that leaves again; calling it twice counts once. */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#inside < this.capacity) this.#inside++;
    else await this.#wait(signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      // The place goes straight to the next in line.
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside--;
      else next();
    };
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        const index = this.#waiting.indexOf(enter);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(signal?.reason);
      };
      this.#waiting.push(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}

/** The gate that every file of this package passes when it is held open. Reads of trees hold none open between two calls and need no gate. */
export const openFilesGate = new Gate(Math.max(8, Math.floor((softLimit() - RESERVE) / 2)));

function softLimit(): number {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    const limit = line?.[1] === 'unlimited' ? 65536 : Number(line?.[1] ?? USUAL_LIMIT);
    return Math.min(limit, 65536);
  } catch {
    return USUAL_LIMIT;
  }
}
