import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Algorithm, AlgorithmKind } from '@chunker/core';
import { ChunkerError } from '@chunker/core';

/** A package that brings algorithms. */
export interface Plugin {
  readonly package: string;
  /** What it was asked for by: the package's name, or the folder that it lies in. */
  readonly asked?: string;
  readonly version: string;
  readonly algorithms: readonly Algorithm[];
}

/** A package that says it brings algorithms, and cannot be used. */
export interface BrokenPlugin {
  readonly package: string;
  readonly error: unknown;
}

/** What was found. `named`: by Chunker or by whoever typed the command, not only by a package.json. */
export interface Found {
  readonly named: readonly Plugin[];
  readonly brought: readonly Plugin[];
  readonly broken: readonly BrokenPlugin[];
}

/** A kind and a name. */
export type Wanted = `${AlgorithmKind} ${string}`;

interface OwnPlugin {
  /** Its algorithms, as `codec zstd`: a command that needs none of them does not load it. */
  readonly brings: readonly Wanted[];
  readonly load: () => Promise<{ readonly default: readonly Algorithm[] }>;
}

// Each has to be an import that a bundler sees; the names are the packages that this one depends on.
export const OWN: Readonly<Record<string, OwnPlugin>> = {
  '@chunker/basics': {
    brings: ['codec identity', 'codec gzip', 'codec deflate', 'codec brotli', 'chunker fixed', 'hash md5', 'hash sha512'],
    load: () => import('@chunker/basics/plugin'),
  },
  '@chunker/chunking-fastcdc': { brings: ['chunker fastcdc'], load: () => import('@chunker/chunking-fastcdc/plugin') },
  '@chunker/codec-xz': { brings: ['codec xz', 'codec lzma'], load: () => import('@chunker/codec-xz/plugin') },
  '@chunker/codec-zstd': { brings: ['codec zstd'], load: () => import('@chunker/codec-zstd/plugin') },
  '@chunker/hash-blake3': { brings: ['hash blake3'], load: () => import('@chunker/hash-blake3/plugin') },
  '@chunker/hash-sha256': { brings: ['hash sha256'], load: () => import('@chunker/hash-sha256/plugin') },
};

const here = createRequire(import.meta.url);

interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly chunker?: { readonly plugin?: string };
}

/**
 * Chunker's own and what was asked for by name, and what the nearest package.json's direct dependencies bring. Nothing else in node_modules is looked at. A dependency that fails is told of and left
 * out: the command may have no need of it. Rejects where what was asked for fails. With `wanted`, of Chunker's own only those that bring one of them, or one that a stranger brings as well.
 */
export async function loadPlugins(asked: readonly string[], wanted?: readonly Wanted[]): Promise<Found> {
  const working = workingDirectory();
  const nearest = working === undefined ? undefined : nearestManifest(working);
  const direct = nearest === undefined ? [] : Object.keys({ ...nearest.manifest.dependencies, ...nearest.manifest.devDependencies });
  const others = direct.filter((name) => !Object.hasOwn(OWN, name) && !asked.includes(name));
  const broken: BrokenPlugin[] = [];
  const brought = others.map((name) =>
    loadPlugin(name, nearest?.file as string, false).catch((error: unknown) => {
      broken.push({ package: name, error });
      return undefined;
    }),
  );
  const named = [...new Set(asked)]
    .filter((name) => !Object.hasOwn(OWN, name))
    .map((name) => loadPlugin(name, nearest?.file ?? join(working ?? '/', 'package.json'), true));
  const there = (plugin: unknown): plugin is Plugin => plugin !== undefined;
  const strangers = { named: (await Promise.all(named)).filter(there), brought: (await Promise.all(brought)).filter(there) };
  const theirs = [...strangers.named, ...strangers.brought].flatMap(({ algorithms }) => algorithms.map(({ kind, name }): Wanted => `${kind} ${name}`));
  const own = await loadOwn(wanted, theirs);
  return { named: [...own, ...strangers.named], brought: strangers.brought, broken };
}

/** Chunker's own plugins that bring one of `wanted` or, which is an error to be told, one of `theirs`. All where nobody brings what is wanted: the error about that lists what there is. */
function loadOwn(wanted: readonly Wanted[] | undefined, theirs: readonly Wanted[]): Promise<Plugin[]> {
  const known = new Set([...theirs, ...Object.values(OWN).flatMap(({ brings }) => brings)]);
  const needed = wanted?.every((one) => known.has(one)) ? new Set([...wanted, ...theirs]) : known;
  const loading = Object.entries(OWN).filter(([, { brings }]) => brings.some((one) => needed.has(one)));
  return Promise.all(loading.map(async ([name, { load }]) => ({ package: name, version: versionOf(name), algorithms: (await load()).default })));
}

/** The package's plugin as seen from the manifest `from`; undefined when it brings none and was not asked for. */
async function loadPlugin(name: string, from: string, asked: boolean): Promise<Plugin | undefined> {
  const file = manifestFile(name, from);
  const manifest = file === undefined ? undefined : readManifest(file);
  const place = manifest?.chunker?.plugin;
  if (file === undefined || manifest === undefined || typeof place !== 'string') {
    if (!asked) return undefined;
    throw notAPlugin(
      name,
      file === undefined
        ? isFolder(name)
          ? 'there is no package.json in that folder'
          : 'it is not installed where the nearest package.json would find it'
        : "its package.json has no 'chunker.plugin'",
    );
  }
  try {
    const module = (await import(pathToFileURL(resolveSubPath(file, manifest.name, place)).href)) as { readonly default?: unknown };
    if (!Array.isArray(module.default)) throw new Error(`the default export of '${place}' is no array of definitions`);
    return { package: manifest.name, asked: name, version: manifest.version, algorithms: module.default as Algorithm[] };
  } catch (error) {
    throw notAPlugin(name, error instanceof Error ? error.message : String(error), error);
  }
}

function notAPlugin(name: string, reason: string, cause?: unknown): ChunkerError {
  return new ChunkerError('invalid_plugin', { name, reason }, cause === undefined ? {} : { cause });
}

/** By the resolver where the package exports the sub-path, else the file beside its manifest. */
function resolveSubPath(file: string, name: string, place: string): string {
  try {
    // A package may name itself.
    return createRequire(file).resolve(join(name, place));
  } catch {
    return join(dirname(file), place);
  }
}

/** `.`, `./plugin` and `/home/me/plugin` are folders; whatever else is asked for is the name of a package. */
function isFolder(name: string): boolean {
  return isAbsolute(name) || /^\.{1,2}([/\\]|$)/.test(name);
}

/** Found by walking up node_modules: a package need not export its manifest, and `require.resolve` would refuse one that has only an `import` door. */
function manifestFile(name: string, from: string): string | undefined {
  if (isFolder(name)) return [resolve(name, 'package.json')].find((file) => existsSync(file));
  const places = createRequire(from).resolve.paths(name) ?? [];
  return places.map((place) => join(place, name, 'package.json')).find((file) => existsSync(file));
}

/** Undefined where it was removed: no reason not to work on files elsewhere. */
function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

function nearestManifest(directory: string): { readonly file: string; readonly manifest: PackageManifest } | undefined {
  for (let at = directory; ; at = dirname(at)) {
    const file = join(at, 'package.json');
    if (existsSync(file)) {
      const manifest = readManifest(file);
      if (manifest !== undefined) return { file, manifest };
    }
    if (at === dirname(at)) return undefined;
  }
}

/** A package.json that cannot be read belongs to somebody else and is no reason to stop. */
function readManifest(file: string): PackageManifest | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof manifest === 'object' && manifest !== null ? (manifest as PackageManifest) : undefined;
  } catch {
    return undefined;
  }
}

/** The version of one of the packages that the command depends on. */
export function versionOf(name: string): string {
  return (here(`${name}/package.json`) as PackageManifest).version;
}
