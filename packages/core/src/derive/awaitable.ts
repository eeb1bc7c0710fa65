import type { Awaitable } from '../contracts/index.js';
import { isThenable } from '../bytes/results.js';

/** `then` of a value that may be a promise: at once where it is none. */
export function after<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value as T);
}

/** How long work may hold the event loop before it lets others run. */
const TURN_MS = 5;

type Schedule = (resume: () => void) => void;

// setImmediate runs after input and output were looked at; a message does the same in browsers, where timers are held back to 4 ms.
const schedule: Schedule =
  typeof globalThis.setImmediate === 'function'
    ? (resume) => {
        globalThis.setImmediate(resume);
      }
    : (resume) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
          channel.port1.close();
          resume();
        };
        channel.port2.postMessage(null);
      };

/** Lets everybody else have a turn. */
export function nextTurn(): Promise<void> {
  return new Promise<void>(schedule);
}

/** Keeps work on the calling thread from holding the event loop: `await turn.over()` between pieces. */
export class Turn {
  #since = performance.now();

  /** A promise of the next turn when this one has lasted long enough. */
  over(): Promise<void> | undefined {
    if (performance.now() - this.#since < TURN_MS) return undefined;
    return nextTurn().then(() => {
      this.#since = performance.now();
    });
  }
}
