import type { Handles } from '../contracts/index.js';
import type { Definition } from '../define/definition.js';
import { isBytes } from '../bytes/arrays.js';
import { copyOf, readableInput } from '../bytes/inputs.js';
import { areaError, describeThrown, isOurs } from '../errors/areas.js';
import { isPlain } from './snapshot.js';

/** Of an algorithm that was taken without any. */
export const NO_HANDLES: Handles = Object.freeze({});

/**
 * Copies the keys and dictionaries that an algorithm is taken with, and checks them against what it declares. Values never appear in errors. Throws `invalid_options`.
 */
export async function readHandles(definition: Definition, given: unknown): Promise<Handles> {
  if (given === undefined) return NO_HANDLES;
  const refuse = (name: string, value: string, reason: string, cause?: unknown) =>
    areaError(
      definition.kind,
      definition.kind === 'chunker' ? 'invalid_chunking_options' : 'invalid_options',
      { algorithm: definition.name, name, value, reason },
      cause === undefined ? {} : { cause },
    );
  if (!isPlain(given)) throw refuse('handles', typeof given, 'handles are an object of Uint8Array');
  const copies: Record<string, Uint8Array> = {};
  for (const name of Object.keys(given)) {
    const description = definition.handles.get(name);
    if (description === undefined) {
      const known = [...definition.handles.keys()].join(', ');
      throw refuse(name.slice(0, 64), 'bytes', known === '' ? 'it takes no handles' : `its handles are ${known}`);
    }
    const bytes: unknown = given[name];
    if (bytes === undefined) continue;
    if (!isBytes(bytes)) throw refuse(name, typeof bytes, 'a handle is a Uint8Array');
    const copy = copyOf(readableInput(definition.kind, bytes, name));
    try {
      await description.check?.(copy);
    } catch (thrown) {
      if (isOurs(thrown)) throw thrown;
      throw refuse(name, `${copy.length} bytes`, describeThrown(thrown), thrown);
    }
    copies[name] = copy;
  }
  return Object.freeze(copies);
}
