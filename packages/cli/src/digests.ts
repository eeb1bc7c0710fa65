import { base64, hex, nixBase32, sri } from '@chunker/core/encoding';

export type EncodingName = 'hex' | 'base64' | 'nix32' | 'sri';

/** A digest as text; SRI names the algorithm before it. */
export function encodeDigest(digest: Uint8Array, encoding: EncodingName, algorithm: string): string {
  if (encoding === 'hex') return hex.encode(digest);
  if (encoding === 'base64') return base64.encode(digest);
  if (encoding === 'nix32') return nixBase32.encode(digest);
  return sri.encode({ algorithm, digest });
}
