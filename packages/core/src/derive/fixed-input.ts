import type { AlgorithmKind } from '../contracts/index.js';
import { isBytes, isUnfixed } from '../bytes/arrays.js';
import { badInput } from '../bytes/inputs.js';
import { nextTurn } from './awaitable.js';

/** Copying this takes less than a millisecond or two: what the event loop can spare at a time. */
const COPIED_AT_ONCE = 4 << 20;

/**
 * A copy of bytes in shared or resizable memory, made 4 MiB per turn of the event loop; undefined where one turn is enough, or no copy is needed. Rejects with the signal's reason, and by
 * `invalid_input` where the memory shrinks meanwhile.
 */
export function fixedInTurns(kind: AlgorithmKind, data: unknown, signal: AbortSignal | undefined): Promise<Uint8Array> | undefined {
  if (!isBytes(data) || data.length <= COPIED_AT_ONCE || !isUnfixed(data)) return undefined;
  return copyInTurns(kind, data, signal);
}

async function copyInTurns(kind: AlgorithmKind, data: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const { length } = data;
  const copy = new Uint8Array(length);
  for (let at = 0; at < length; at += COPIED_AT_ONCE) {
    if (at > 0) await nextTurn();
    if (signal?.aborted === true) throw signal.reason;
    if (data.length !== length) throw badInput(kind, 'data', 'memory that shrank', 'bytes that keep their memory until the call settles');
    copy.set(data.subarray(at, at + COPIED_AT_ONCE), at);
  }
  return copy;
}
