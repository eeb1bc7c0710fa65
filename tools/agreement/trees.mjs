// Which real files serve: trees that this machine has anyway, and that stay as they are meanwhile.
import { accessSync, constants, existsSync, lstatSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../workspace.mjs';

const PLACES = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/bin',
  '/usr/share',
  '/usr',
  join(homedir(), '.rustup', 'toolchains'),
  join(ROOT, 'node_modules'),
];

/** Files and links below a path (or itself), in no order. Throws where something cannot be read or is of a kind that no archive holds. */
export function* filesOf(path) {
  const facts = lstatSync(path);
  if (facts.isDirectory()) for (const name of readdirSync(path)) yield* filesOf(join(path, name));
  else if (facts.isFile()) {
    accessSync(path, constants.R_OK);
    yield { path, bytes: facts.size };
  } else if (!facts.isSymbolicLink()) throw new Error(`${path} is neither file, directory nor link`);
}

/** The smallest tree of at least `bytes` that can be read as a whole; else the largest. */
export function treeOf(bytes) {
  let best;
  for (const path of PLACES.filter((place) => existsSync(place) && lstatSync(place).isDirectory())) {
    const found = sizeOf(path);
    if (found === undefined) continue;
    const better = best === undefined || (best.bytes < bytes ? found > best.bytes : found >= bytes && found < best.bytes);
    if (better) best = { path, bytes: found };
  }
  if (best === undefined) throw new Error('no tree of this machine can be read as a whole: name one');
  return best.path;
}

function sizeOf(path) {
  try {
    let bytes = 0;
    for (const file of filesOf(path)) bytes += file.bytes;
    return bytes;
  } catch {
    return undefined;
  }
}
