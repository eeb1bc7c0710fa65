// Data to measure on: the machine's own binaries, one behind the other, each file once. Made once, kept in build/bench.
import {
  closeSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../tools/workspace.mjs';

const FOLDER = join(ROOT, 'build', 'bench');
const PLACES = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/bin',
  '/usr/share',
  join(ROOT, 'node_modules'),
  join(ROOT, 'target', 'release', 'deps'),
];

const LARGE = 20_000;

function* filesOver(folder, least) {
  let entries = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isFile() && lstatSync(path).size > least) yield path;
  }
  for (const entry of entries) if (entry.isDirectory()) yield* filesOver(join(folder, entry.name), least);
}

/** The machine's files of more than `least` bytes, each file once, whatever names it has. */
function* filesHere(least) {
  const seen = new Set();
  for (const place of PLACES.filter((path) => existsSync(path))) {
    for (const path of filesOver(place, least)) {
      const { ino, dev, size } = statSync(path);
      if (seen.has(`${dev}:${ino}`)) continue;
      seen.add(`${dev}:${ino}`);
      yield { path, size };
    }
  }
}

/** A file of exactly `bytes` bytes of real binaries; answers its path. */
export function binaries(bytes) {
  const path = join(FOLDER, `binaries-${bytes}.bin`);
  if (existsSync(path) && statSync(path).size === bytes) return path;
  mkdirSync(FOLDER, { recursive: true });
  const output = openSync(`${path}.part`, 'w');
  let written = 0;
  for (const { path: one } of filesHere(LARGE)) {
    if (written >= bytes) break;
    try {
      written += writeSync(output, readFileSync(one));
    } catch {
      // unreadable: the next one serves as well
    }
  }
  closeSync(output);
  if (written < bytes) throw new Error(`this machine has only ${written} bytes of binaries, ${bytes} are wanted`);
  truncateSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
  return path;
}

/** Copies files of all sizes with their directories to `root` until they hold exactly `bytes` bytes (the last one is cut off); answers `root`. */
export function copyBinaries(root, bytes) {
  let written = 0;
  for (const { path, size } of filesHere(0)) {
    if (written >= bytes) break;
    const copy = join(root, path);
    mkdirSync(dirname(copy), { recursive: true });
    try {
      copyFileSync(path, copy);
    } catch {
      continue; // unreadable: the next one serves as well
    }
    if (size > bytes - written) truncateSync(copy, bytes - written);
    written += Math.min(size, bytes - written);
  }
  if (written < bytes) throw new Error(`this machine has only ${written} bytes of binaries, ${bytes} are wanted`);
  return root;
}

/** `count` files of 1 to 50 KB, most of them small (9 KB on average), 50 in a directory, cut out of `data`; answers `root`. */
export function writeSmallFiles(root, data, count) {
  for (let i = 0, at = 0, state = 1; i < count; i++) {
    const directory = join(root, `${Math.floor(i / 2000)}`, `${Math.floor(i / 50)}`);
    if (i % 50 === 0) mkdirSync(directory, { recursive: true });
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const length = 1000 + Math.floor(49_000 * (state / 2 ** 32) ** 5);
    if (at + length > data.length) at = 0;
    writeFileSync(join(directory, `file-${i}`), data.subarray(at, at + length));
    at += length;
  }
  return root;
}
