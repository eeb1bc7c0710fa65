// Remembers what each build step was made from, so that an unchanged step is not done again.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './workspace.mjs';

const FILE = join(ROOT, 'build', 'stamps.json');
const PASSED_OVER = new Set(['node_modules', 'dist', 'target', 'test', '.git']);
const BUILT = /\.(node|wasm)$/;

function* files(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) {
    yield [path, stat];
    return;
  }
  for (const name of readdirSync(path).sort()) if (!PASSED_OVER.has(name) && !BUILT.test(name)) yield* files(join(path, name));
}

/** A digest of names, sizes and times of all files below `paths` (relative to the root). */
export function fingerprint(paths) {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths) for (const [name, { size, mtimeMs }] of files(join(ROOT, path))) hash.update(`${name}\0${size}\0${mtimeMs}\n`);
  return hash.digest('hex');
}

const read = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {});

/** Runs `make` unless `inputs` are as they were and all `outputs` exist. Returns whether it ran. */
export async function unlessUnchanged(name, { inputs, outputs }, make) {
  const now = fingerprint(inputs);
  if (read()[name] === now && outputs.every((path) => existsSync(path))) return false;
  await make();
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  writeFileSync(FILE, `${JSON.stringify({ ...read(), [name]: fingerprint(inputs) }, null, 2)}\n`);
  return true;
}
