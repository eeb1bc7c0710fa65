export { base64 } from './base64.js';
export { hex } from './hex.js';
export { nixBase32 } from './nix-base32.js';
export { type SriDigest, sri } from './sri.js';
