/* Finds vectors for the tests of any package: those of other implementations, and ours beside this file. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = resolve(root, process.env.CHUNKER_VECTORS ?? '../shared/vectors');

/** Whether the vectors of other implementations are here; their absence is a failure in CI and a named skip elsewhere. */
export const present = existsSync(folder);
export const skipped = `(skipped: CHUNKER_VECTORS, nothing at ${folder})`;
if (!present && process.env.CI) throw new Error(`CHUNKER_VECTORS: nothing at ${folder}`);

/** A file of theirs, as their list of sums has it. */
export function theirBytes(path: string): Uint8Array {
  const bytes = readFileSync(resolve(folder, path));
  const sum = createHash('sha256').update(bytes).digest('hex');
  const listed = readFileSync(resolve(folder, 'SHA256SUMS'), 'utf8').split('\n');
  if (!listed.includes(`${sum}  ${path}`)) throw new Error(`${path} is not the file that SHA256SUMS lists`);
  return new Uint8Array(bytes);
}

/** The same as text. */
export const theirs = (path: string): string => new TextDecoder().decode(theirBytes(path));

/** A file of ours, with its origin in it: vectors/<stem>. */
export const ours = (path: string): string => readFileSync(resolve(root, 'vectors', path), 'utf8');

/** The input of most vectors: bytes counting 0, 1, ... 250, 0, 1, ... for the length. */
export function counting(length: number): Uint8Array {
  const data = new Uint8Array(length);
  for (let i = 0; i < length; i++) data[i] = i % 251;
  return data;
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
