import { isChunkerError } from '@chunker/core';
import { BrokenPromise } from './broken-promise.js';
import { difference, sameBytes } from './bytes.js';

/**
 * What an operation did: gave a value or failed. Laws that hold one door to the answers of another compare outcomes, so that an algorithm which fails everywhere alike
 * breaks the law about failing, and not every law there is.
 */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

export async function outcomeOf<T>(operation: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await operation() };
  } catch (error) {
    return { ok: false, error };
  }
}

/** The code of a typed error, or the name and message of anything else. */
export function codeOf(error: unknown): string {
  if (isChunkerError(error)) return error.code;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

export function describeOutcome(outcome: Outcome<unknown>): string {
  if (!outcome.ok) return `failed with ${messageOf(outcome.error)}`;
  return outcome.value instanceof Uint8Array ? `gave ${outcome.value.length} bytes` : `gave ${String(outcome.value)}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Holds bytes of one door to those of another; both may refuse, for whatever reason. */
export function expectSameBytes(what: string, expected: Outcome<Uint8Array>, found: Outcome<Uint8Array>): void {
  if (expected.ok && found.ok) {
    if (!sameBytes(expected.value, found.value)) throw new BrokenPromise(`${what}: ${difference(expected.value, found.value)}`);
    return;
  }
  if (expected.ok !== found.ok) {
    throw new BrokenPromise(`${what}: ${describeOutcome(found)}, where the plain call ${describeOutcome(expected)}`);
  }
}

/** As `expectSameBytes`, and the reasons of refusals are the same too. */
export function expectSameOutcome(what: string, expected: Outcome<Uint8Array>, found: Outcome<Uint8Array>): void {
  expectSameBytes(what, expected, found);
  if (!expected.ok && !found.ok && codeOf(expected.error) !== codeOf(found.error)) {
    throw new BrokenPromise(`${what}: ${describeOutcome(found)}, where the plain call ${describeOutcome(expected)}`);
  }
}
