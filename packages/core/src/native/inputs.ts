import { ChunkerError } from '../errors/index.js';
import { isSlabBacked, type Slab, type SlabPool } from './slabs.js';

/** Up to this size native code copies the input during the call: 180 us at most. */
export const COPIED_AT_ONCE = 4 << 20;

/** An input that may cross the border, and what to do when its job is done. */
export interface Crossing {
  readonly bytes: Uint8Array;
  readonly slab?: Slab;
}

/** True when a view's buffer was detached: its length is 0 then, as it is for an empty view, which is no error. */
export function isDetached(view: Uint8Array): boolean {
  if (view.byteLength > 0) return false;
  const buffer = view.buffer as ArrayBuffer & { readonly detached?: boolean };
  if (buffer.detached !== undefined) return buffer.detached;
  if (buffer.byteLength > 0 || isShared(buffer)) return false;
  try {
    // Node 20 has no `detached`; a view cannot be made of a detached buffer.
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

function isShared(buffer: ArrayBufferLike): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;
}

/** True when the memory can change its size or be written by another thread meanwhile. */
export function isUnfixed(view: Uint8Array): boolean {
  const buffer = view.buffer as ArrayBuffer & { readonly resizable?: boolean };
  return isShared(buffer) || buffer.resizable === true;
}

/**
 * That an argument is bytes which still have their memory; `name` is the argument's.
 *
 * @throws ChunkerError `invalid_input` for what is no Uint8Array or was detached
 */
export function checkInput(view: Uint8Array, name: string): void {
  if (!(view instanceof Uint8Array)) throw new ChunkerError('invalid_input', { name, value: typeof view, expected: 'a Uint8Array' });
  if (isDetached(view)) throw new ChunkerError('invalid_input', { name, value: 'detached', expected: 'bytes that still have their memory' });
}

/**
 * Says how an input crosses: as it is (a slab's view; up to 4 MiB, which native code copies in the call), or as a copy in a slab, made 4 MiB per turn of the event loop.
 * Memory that is resizable or shared is copied in one turn, so that the bytes belong to one moment as far as its owner lets them.
 */
export function crossing(input: Uint8Array, slabs: SlabPool, yieldTurn: () => Promise<void>): Crossing | Promise<Crossing> {
  if (isUnfixed(input)) {
    const slab = slabs.take(input.byteLength);
    slab.bytes.set(input);
    return { bytes: slab.bytes, slab };
  }
  if (input.byteLength <= COPIED_AT_ONCE || isSlabBacked(input)) return { bytes: input };
  return copyInTurns(input, slabs, yieldTurn);
}

async function copyInTurns(input: Uint8Array, slabs: SlabPool, yieldTurn: () => Promise<void>): Promise<Crossing> {
  const length = input.byteLength;
  const slab = slabs.take(length);
  try {
    for (let from = 0; from < length; from += COPIED_AT_ONCE) {
      if (from > 0) await yieldTurn();
      if (input.byteLength !== length) {
        throw new ChunkerError('invalid_input', { name: 'input', value: 'detached', expected: 'bytes that keep their memory until the call settles' });
      }
      slab.bytes.set(input.subarray(from, from + COPIED_AT_ONCE), from);
    }
    return { bytes: slab.bytes, slab };
  } catch (error) {
    slab.end();
    throw error;
  }
}
