import { FirstOf } from '../scope/first-of.js';

/** The outcome of `work`, or the signal's reason where that comes first: then nobody hears of the work any more, not of its failure either. Many may wait under one signal: they share its listener. */
export function unlessAborted<T>(work: T | Promise<T>, signal: AbortSignal): T | Promise<T> {
  return work instanceof Promise ? new FirstOf(work, undefined, signal).promise : work;
}
