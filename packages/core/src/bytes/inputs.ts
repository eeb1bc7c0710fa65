import type { AlgorithmKind } from '../contracts/index.js';
import { areaError } from '../errors/areas.js';
import type { ChunkerError } from '../errors/index.js';
import { isBytes, isDetached, isUnfixed, kindOfValue, overlaps, plainView } from './arrays.js';

/** An argument that cannot be used. */
export function badInput(kind: AlgorithmKind, name: string, value: string, expected: string): ChunkerError<'invalid_input'> {
  return areaError(kind, 'invalid_input', { name, value, expected });
}

/**
 * The caller's bytes as kernels may read them: a plain Uint8Array over fixed memory. Memory that can be resized or is shared with other threads is copied, because
 * a kernel may read it from another thread or after an `await`; detached memory is refused.
 */
export function readableInput(kind: AlgorithmKind, data: unknown, name = 'data'): Uint8Array {
  if (!isBytes(data)) throw badInput(kind, name, kindOfValue(data), 'a Uint8Array');
  const view = plainView(data);
  if (isDetached(view)) throw badInput(kind, name, 'a detached buffer', 'a Uint8Array');
  return isUnfixed(view) ? copyOf(view) : view;
}

/** The caller's output buffer; `data`, where given, must not overlap it. */
export function writableOutput(kind: AlgorithmKind, output: unknown, data?: Uint8Array): Uint8Array {
  if (!isBytes(output)) throw badInput(kind, 'output', kindOfValue(output), 'a Uint8Array');
  const view = plainView(output);
  if (isDetached(view)) throw badInput(kind, 'output', 'a detached buffer', 'a Uint8Array');
  if (isUnfixed(view)) throw badInput(kind, 'output', 'a resizable or shared buffer', 'fixed memory of its own');
  if (data !== undefined && overlaps(view, data)) throw badInput(kind, 'output', 'a view of the input', 'memory apart from the input');
  return view;
}

/** The bytes in memory of their own. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy;
}

/** A whole number from `least` up, or `Infinity` where allowed. */
export function wholeNumber(kind: AlgorithmKind, name: string, value: unknown, least: number, unbounded = false): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  if (unbounded && value === Number.POSITIVE_INFINITY) return value;
  throw badInput(kind, name, typeof value === 'number' ? String(value) : kindOfValue(value), `a whole number from ${least}`);
}
