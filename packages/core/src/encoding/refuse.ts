import { isBytes, isDetached, kindOfValue } from '../bytes/arrays.js';
import { RegistryError } from '../errors/index.js';

/** Text that is not what it should be. Never shows the text: it may be a key. */
export function refused(encoding: string, reason: string, offset?: number): RegistryError<'invalid_encoding'> {
  return new RegistryError('invalid_encoding', { encoding, reason, ...(offset === undefined ? {} : { offset }) });
}

/** Throws `invalid_input` for what is no Uint8Array, or was transferred away: nobody wants the text of nothing instead of a digest's. */
export function checkBytes(bytes: unknown): asserts bytes is Uint8Array {
  if (!isBytes(bytes)) throw new RegistryError('invalid_input', { name: 'bytes', value: kindOfValue(bytes), expected: 'a Uint8Array' });
  if (isDetached(bytes)) throw new RegistryError('invalid_input', { name: 'bytes', value: 'a detached buffer', expected: 'a Uint8Array' });
}

/** Throws `invalid_encoding` for what is no text. */
export function checkText(encoding: string, text: unknown): asserts text is string {
  if (typeof text !== 'string') throw refused(encoding, `it is ${kindOfValue(text)}, no text`);
}

/** Value of each ASCII character in an alphabet; 255 for all others. */
export function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(128).fill(255);
  for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;
  return values;
}
