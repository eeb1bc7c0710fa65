import { kindOfValue } from '../bytes/arrays.js';
import { isChunkerError, RegistryError } from '../errors/index.js';
import { base64 } from './base64.js';
import { checkBytes, checkText, refused } from './refuse.js';

/** A digest with the name of its algorithm. */
export interface SriDigest {
  readonly algorithm: string;
  readonly digest: Uint8Array;
}

/** Lengths that Subresource Integrity (W3C) and Nix fix. A property of the text format: other names may have any length. */
const LENGTHS: ReadonlyMap<string, number> = new Map([
  ['md5', 16],
  ['sha1', 20],
  ['sha256', 32],
  ['sha384', 48],
  ['sha512', 64],
]);

const ALGORITHM = /^[a-z0-9]+$/;

/** `sha256-<base64>`, as in Subresource Integrity and in Nix. */
export const sri = {
  /** Throws `invalid_input` for what is no digest, `invalid_encoding` for a name or a length that the text cannot have. */
  encode(named: SriDigest): string {
    if (named === null || typeof named !== 'object')
      throw new RegistryError('invalid_input', { name: 'digest', value: kindOfValue(named), expected: 'a name and a digest' });
    const { algorithm, digest } = named;
    checkText('sri', algorithm);
    checkBytes(digest);
    check(algorithm, digest.length);
    return `${algorithm}-${base64.encode(digest)}`;
  },

  /** Throws `invalid_encoding`: one digest, no options, the length that the name asks for. */
  decode(text: string): SriDigest {
    checkText('sri', text);
    const dash = text.indexOf('-');
    if (dash === -1) throw refused('sri', 'it has no algorithm in front');
    const algorithm = text.slice(0, dash);
    const digest = decodeAt(text, dash + 1);
    check(algorithm, digest.length);
    return { algorithm, digest };
  },
};

function decodeAt(text: string, start: number): Uint8Array {
  try {
    return base64.decode(text.slice(start));
  } catch (thrown) {
    if (!isChunkerError(thrown, 'invalid_encoding')) throw thrown;
    const { reason, offset } = thrown.details;
    throw refused('sri', reason, offset === undefined ? undefined : start + offset);
  }
}

function check(algorithm: string, length: number): void {
  if (!ALGORITHM.test(algorithm)) throw refused('sri', 'its algorithm has no usable name');
  const expected = LENGTHS.get(algorithm);
  if (length === 0 || (expected !== undefined && length !== expected))
    throw refused('sri', `its digest has ${length} bytes${expected === undefined ? '' : ` instead of ${expected}`}`);
}
