import { isBytes, isDetached, isShared, isUnfixed, isWords, kindOfValue, plainView, sameMemory } from './arrays.js';
import { copyOf } from './inputs.js';

/** What a kernel answered against the contract; core turns it into `plugin_failed`. */
export class BrokenPromise extends Error {}

/**
 * Bytes that a kernel answered, checked: a Uint8Array over fixed memory of its own. A view of the input is copied, because output belongs to the caller.
 */
export function resultBytes(result: unknown, input?: Uint8Array): Uint8Array {
  if (!isBytes(result)) throw unexpected(result, 'a Uint8Array');
  const view = plainView(result);
  if (isDetached(view)) throw new BrokenPromise('it returned a detached buffer');
  const unfixed = isUnfixed(view);
  if (unfixed && isShared(view)) throw new BrokenPromise('it returned shared memory');
  return unfixed || (input !== undefined && sameMemory(view, input)) ? copyOf(view) : view;
}

/** The count of bytes a kernel says that it wrote. */
export function resultCount(result: unknown, available: number): number {
  if (!Number.isInteger(result) || (result as number) < 0 || (result as number) > available) {
    disown(result);
    throw new BrokenPromise(`it returned ${typeof result === 'number' ? result : kindOfValue(result)} as the number of bytes written`);
  }
  return result as number;
}

/** Lengths that a kernel answered. */
export function resultWords(result: unknown): Uint32Array {
  if (!isWords(result)) throw unexpected(result, 'a Uint32Array');
  const plain = result instanceof Uint32Array ? result : Uint32Array.from(result as ArrayLike<number>);
  if (isShared(plain)) throw new BrokenPromise('it returned shared memory');
  return plain;
}

/** A promise, or something that behaves like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value !== null && (typeof value === 'object' || typeof value === 'function') && typeof (value as { then?: unknown }).then === 'function';
}

/** A promise where a value was wanted: nobody awaits it, so a rejection of it would end the process. Takes whatever an author's method answered. */
export function disown(answer: unknown): void {
  try {
    if (isThenable(answer)) Promise.resolve(answer).catch(() => {});
  } catch {
    // Its `then` cannot even be asked for: nothing will come of it.
  }
}

/** An author's answer of the wrong kind. */
export function unexpected(answer: unknown, wanted: string): BrokenPromise {
  disown(answer);
  return new BrokenPromise(`it returned ${isPromise(answer) ? 'a promise' : kindOfValue(answer)} instead of ${wanted}`);
}

function isPromise(value: unknown): boolean {
  try {
    return isThenable(value);
  } catch {
    return false;
  }
}
