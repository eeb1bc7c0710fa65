// Names are bytes: a file system hands out any sequence without `/` and NUL, and a name read as text may name nothing any more.

import { IoError } from '@chunker/core';

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A path given by a caller: text is encoded as UTF-8, bytes are taken as they are. */
export type PathLike = string | Uint8Array;

/** The bytes of a path. @throws IoError `invalid_input` for what is no text or bytes, or holds NUL, which ends a path for the system */
export function pathBytes(path: PathLike): Uint8Array {
  const bytes = typeof path === 'string' ? encoder.encode(path) : path;
  if (bytes instanceof Uint8Array && !bytes.includes(0)) return bytes;
  const value = bytes instanceof Uint8Array ? displayPath(bytes) : typeof path;
  throw new IoError('invalid_input', { name: 'path', value, expected: 'text or bytes without NUL' });
}

/** A directory's path and a name joined; the root's path is empty. */
export function joinPath(directory: Uint8Array, name: Uint8Array): Uint8Array {
  if (directory.length === 0) return name.slice();
  if (name.length === 0) return directory;
  const path = new Uint8Array(directory.length + 1 + name.length);
  path.set(directory);
  path[directory.length] = 0x2f;
  path.set(name, directory.length + 1);
  return path;
}

/** Order by unsigned bytes, a prefix first: the order of `memcmp`, of NAR, and of every listing here. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A path for people: text as it is; with bytes that are no text, or control characters, each of those as `\xNN` and a backslash doubled. */
export function displayPath(path: PathLike): string {
  if (typeof path === 'string') return displayPath(encoder.encode(path));
  const text = decode(path);
  if (text !== undefined && !hasControl(path)) return text;
  let shown = '';
  for (const byte of path) {
    if (byte === 0x5c) shown += '\\\\';
    else if (byte < 0x20 || byte >= 0x7f) shown += `\\x${byte.toString(16).padStart(2, '0')}`;
    else shown += String.fromCharCode(byte);
  }
  return shown;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function hasControl(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte < 0x20 || byte === 0x7f);
}
