import { type Handles, HashingError } from '@chunker/core';
import type { Blake3Options } from './options.js';

/** Bytes of a key. */
export const KEY_BYTES = 32;

const MODE = { hash: 0, keyed: 1, deriveKey: 2 } as const;

const encoded = new WeakMap<Blake3Options, { readonly handles: Handles; readonly bytes: Uint8Array }>();

/**
 * Options and key as the Rust kernel reads them, native and wasm: the digest's length in four bytes, little end first; one byte for the mode; the key, or the
 * context in UTF-8. Made once per taking. Throws `invalid_options` when both a key and a context are given.
 */
export function encodeSettings(options: Blake3Options, handles: Handles): Uint8Array {
  const known = encoded.get(options);
  if (known !== undefined && known.handles === handles) return known.bytes;
  const { mode, secret } = modeOf(options, handles);
  const bytes = new Uint8Array(5 + secret.length);
  new DataView(bytes.buffer).setUint32(0, options.length, true);
  bytes[4] = MODE[mode];
  bytes.set(secret, 5);
  encoded.set(options, { handles, bytes });
  return bytes;
}

/** The mode that options and handles amount to, with the bytes that belong to it. Throws `invalid_options`. */
export function modeOf({ context }: Blake3Options, { key }: Handles): { readonly mode: keyof typeof MODE; readonly secret: Uint8Array } {
  if (key !== undefined && context !== undefined) {
    throw new HashingError('invalid_options', {
      algorithm: 'blake3',
      name: 'context',
      value: 'given beside a key',
      reason: 'keyed and derive-key are two modes: give a key or a context',
    });
  }
  if (key !== undefined) return { mode: 'keyed', secret: key };
  if (context !== undefined) return { mode: 'deriveKey', secret: new TextEncoder().encode(context) };
  return { mode: 'hash', secret: new Uint8Array() };
}
