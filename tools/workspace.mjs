// What the workspace consists of, read from its folders and manifests.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The exports condition that points at the sources; it never leaves the workspace. */
export const SOURCE = '@chunker/source';

const KINDS = { codec: 'codec', hash: 'hash', chunking: 'chunker' };

/** All packages: { folder, directory, manifest, stem, kind }, in an order in which each follows what it depends on. */
export function packages() {
  const all = readdirSync(join(ROOT, 'packages'))
    .map((folder) => ({ folder, directory: join(ROOT, 'packages', folder) }))
    .filter(({ directory }) => existsSync(join(directory, 'package.json')))
    .map(({ folder, directory }) => {
      const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      const [prefix, ...rest] = folder.split('-');
      const kind = KINDS[prefix];
      return { folder, directory, manifest, kind, stem: kind ? rest.join('-') : folder };
    });
  return ordered(all);
}

function ordered(all) {
  const byName = new Map(all.map((one) => [one.manifest.name, one]));
  const done = new Set();
  const result = [];
  const visit = (one) => {
    if (done.has(one)) return;
    done.add(one);
    for (const name of Object.keys({ ...one.manifest.dependencies, ...one.manifest.peerDependencies })) {
      const other = byName.get(name);
      if (other) visit(other);
    }
    result.push(one);
  };
  for (const one of all) visit(one);
  return result;
}

/** Stems of the bindings to Node-API that are published; `probe` serves tests only, which build it themselves. */
export function bindings() {
  return readdirSync(join(ROOT, 'native', 'bindings')).filter((stem) => stem !== 'probe' && existsSync(join(ROOT, 'native', 'bindings', stem, 'Cargo.toml')));
}

/** Stems whose kernel has a wasm door. */
export function wasmDoors() {
  return bindings().filter((stem) => existsSync(join(ROOT, 'native', 'bindings', stem, 'wasm', 'Cargo.toml')));
}

/** Each public sub-path and each private import of a package with its source and its place in dist. */
export function entries({ directory, manifest }) {
  const found = [];
  const collect = (name, target) => {
    if (typeof target !== 'object' || target === null) return;
    const source = target[SOURCE];
    if (typeof source === 'string') found.push(entry(directory, name, source, target));
    else if (source) for (const condition of Object.keys(source)) found.push(entry(directory, name, source[condition], { default: target[condition] }));
  };
  for (const [name, target] of Object.entries(manifest.exports ?? {})) collect(name, target);
  for (const [name, target] of Object.entries(manifest.imports ?? {})) collect(name, target);
  for (const [name, target] of Object.entries(manifest.bin ?? {})) {
    const source = join('src', `${target.replace(/^.*\//, '').replace(/\.js$/, '')}.ts`);
    found.push(entry(directory, `bin ${name}`, source, { default: target }));
  }
  return found;
}

function entry(directory, name, source, target) {
  return { name, source: join(directory, source), output: join(directory, target.default), types: target.types && join(directory, target.types) };
}
