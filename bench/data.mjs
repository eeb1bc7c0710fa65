// Data to measure on: the machine's own binaries, one behind the other, each file once. Made once, kept in build/bench.
import { closeSync, existsSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
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

function* largeFiles(folder) {
  let entries = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isFile() && lstatSync(path).size > 20_000) yield path;
  }
  for (const entry of entries) if (entry.isDirectory()) yield* largeFiles(join(folder, entry.name));
}

/** A file of exactly `bytes` bytes of real binaries; answers its path. */
export function binaries(bytes) {
  const path = join(FOLDER, `binaries-${bytes}.bin`);
  if (existsSync(path) && statSync(path).size === bytes) return path;
  mkdirSync(FOLDER, { recursive: true });
  const output = openSync(`${path}.part`, 'w');
  const seen = new Set();
  let written = 0;
  for (const file of PLACES.flatMap((place) => (existsSync(place) ? [place] : []))) {
    for (const one of largeFiles(file)) {
      const { ino, dev } = statSync(one);
      if (written >= bytes || seen.has(`${dev}:${ino}`)) continue;
      seen.add(`${dev}:${ino}`);
      try {
        written += writeSync(output, readFileSync(one));
      } catch {
        // unreadable: the next one serves as well
      }
    }
  }
  closeSync(output);
  if (written < bytes) throw new Error(`this machine has only ${written} bytes of binaries, ${bytes} are wanted`);
  truncateSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
  return path;
}
