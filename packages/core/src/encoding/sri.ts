import { base64 } from './base64.js';
import { checkText, refused } from './refuse.js';

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
  encode({ algorithm, digest }: SriDigest): string {
    check(algorithm, digest.length);
    return `${algorithm}-${base64.encode(digest)}`;
  },

  /** Throws `invalid_encoding`: one digest, no options, the length that the name asks for. */
  decode(text: string): SriDigest {
    checkText('sri', text);
    const dash = text.indexOf('-');
    if (dash === -1) throw refused('sri', 'it has no algorithm in front');
    const algorithm = text.slice(0, dash);
    const digest = base64.decode(text.slice(dash + 1));
    check(algorithm, digest.length);
    return { algorithm, digest };
  },
};

function check(algorithm: string, length: number): void {
  if (!ALGORITHM.test(algorithm)) throw refused('sri', 'its algorithm has no usable name');
  const expected = LENGTHS.get(algorithm);
  if (length === 0 || (expected !== undefined && length !== expected))
    throw refused('sri', `its digest has ${length} bytes${expected === undefined ? '' : ` instead of ${expected}`}`);
}
