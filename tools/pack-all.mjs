// `pnpm pack:all DIR [--repository URL] [PLATFORM...]`: writes every tarball as it would be published, with this machine's platform packages.
// Source manifests list no platform packages (a frozen lockfile fails on unpublished ones) and show the sources to tools; the published ones do the opposite.
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { addonFile, platformTriple } from './addon.mjs';
import { buildAll } from './build.mjs';
import { crateNotices } from './notices.mjs';
import { fail, run, say } from './say.mjs';
import { bindings, packages, ROOT, SOURCE } from './workspace.mjs';

const LICENCES = ['LICENSE-MIT', 'LICENSE-APACHE'];
const WASM_TARGET = 'wasm32-unknown-unknown';

/**
 * Where the sources are, for every manifest: a statement of provenance is checked against it. Whoever releases says it, for the tree does not know where it will be published from. `place` is a package's folder, from the root.
 */
export function repositoryField(address, place) {
  if (address === undefined) return {};
  const url = /^(git\+)?https:\/\/[^\s/]+\.[^\s/]+\/\S+$/.test(address) ? address : fail(`'${address}' is no repository: write https://…`);
  return { repository: { type: 'git', url: `${url.startsWith('git+') ? '' : 'git+'}${url.replace(/(\.git)?\/?$/, '.git')}`, directory: place } };
}

function withoutSource(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (key === SOURCE ? [] : [[key, withoutSource(inner)]])));
}

function published(dependencies, versions) {
  if (!dependencies) return undefined;
  return Object.fromEntries(
    Object.entries(dependencies).map(([name, range]) => [
      name,
      range.startsWith('workspace:') ? `${range.slice(10).replace('*', '')}${versions.get(name)}` : range,
    ]),
  );
}

/** A package's own binding, if it has one; `io` and the plugins do. */
const bindingOf = ({ stem, manifest }) => (manifest.chunker?.limbs?.includes('binding') && bindings().includes(stem) ? stem : undefined);

function manifestFor(one, versions, { platforms, repository }) {
  const { devDependencies, scripts, ...manifest } = one.manifest;
  const result = {
    ...manifest,
    ...repositoryField(repository, `packages/${one.folder}`),
    files: [...manifest.files.filter((name) => !name.startsWith('NOTICE')), 'NOTICE*', 'THIRD-PARTY*', ...LICENCES],
    exports: withoutSource(manifest.exports),
    imports: withoutSource(manifest.imports),
    dependencies: published(manifest.dependencies, versions),
    peerDependencies: published(manifest.peerDependencies, versions),
  };
  if (bindingOf(one)) result.optionalDependencies = Object.fromEntries(platforms.map((platform) => [`${manifest.name}-${platform}`, manifest.version]));
  return result;
}

async function pack(folder, directory) {
  const { code, output } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], { cwd: folder });
  if (code !== 0) fail(`npm pack failed for ${basename(folder)}:\n${output}`);
  return join(directory, readdirSync(directory).find((name) => name === `${nameOf(folder)}.tgz`) ?? fail(`no tarball of ${nameOf(folder)}`));
}

function nameOf(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return `${name.replace('@', '').replace('/', '-')}-${version}`;
}

/** What a registry shows of a package: its own page, or that of its algorithm. Links into the tree lead nowhere from there, and become words. */
function readmeOf(one) {
  const page = [join(one.directory, 'README.md'), join(ROOT, 'docs', 'algorithms', `${one.stem}.md`)].find((file) => existsSync(file));
  const text = readFileSync(page ?? fail(`${one.manifest.name} has neither README.md nor a page in docs/algorithms`), 'utf8');
  return text.replace(/\[((?:[^[\]]|\[[^\]]*\])*)\]\((?![a-z]+:)[^)\s]*\)/g, '$1');
}

function stagePackage(one, versions, release, staging) {
  const folder = join(staging, one.folder);
  mkdirSync(folder);
  cpSync(join(one.directory, 'dist'), join(folder, 'dist'), { recursive: true });
  if (existsSync(join(one.directory, 'man'))) cpSync(join(one.directory, 'man'), join(folder, 'man'), { recursive: true });
  for (const name of readdirSync(one.directory)) if (/^(NOTICE|THIRD-PARTY)/.test(name)) copyFileSync(join(one.directory, name), join(folder, name));
  writeFileSync(join(folder, 'README.md'), readmeOf(one));
  for (const name of LICENCES) copyFileSync(join(ROOT, name), join(folder, name));
  if (readdirSync(join(folder, 'dist')).some((name) => name.endsWith('.wasm')))
    writeFileSync(join(folder, 'THIRD-PARTY-WASM.md'), crateNotices(join(ROOT, 'native', 'bindings', one.stem, 'wasm', 'Cargo.toml'), WASM_TARGET));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifestFor(one, versions, release), null, 2)}\n`);
  return folder;
}

function stagePlatform(one, stem, { repository }, staging) {
  const platform = platformTriple();
  const [os, cpu, libc] = platform.split('-');
  const folder = join(staging, `${one.folder}-${platform}`);
  mkdirSync(folder);
  const file = basename(addonFile(stem));
  copyFileSync(addonFile(stem), join(folder, file));
  for (const name of LICENCES) copyFileSync(join(ROOT, name), join(folder, name));
  const kernel = join(ROOT, 'native', 'kernels', stem);
  const notices = readdirSync(kernel).filter((name) => name.startsWith('NOTICE'));
  for (const name of notices) copyFileSync(join(kernel, name), join(folder, name));
  writeFileSync(join(folder, 'THIRD-PARTY.md'), crateNotices(join(ROOT, 'native', 'bindings', stem, 'Cargo.toml')));
  const manifest = {
    name: `${one.manifest.name}-${platform}`,
    version: one.manifest.version,
    description: `The native kernel of ${one.manifest.name} for ${platform}`,
    license: one.manifest.license,
    ...repositoryField(repository, `native/bindings/${stem}`),
    main: file,
    files: [file, 'THIRD-PARTY.md', ...notices, ...LICENCES],
    engines: one.manifest.engines,
    os: [os],
    cpu: [cpu],
    ...(libc ? { libc: [libc === 'gnu' ? 'glibc' : libc] } : {}),
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return folder;
}

/**
 * Writes all tarballs into `directory`; answers their paths by package name. `elsewhere` names the platforms whose packages other machines bring to the same release: plugins list those as well. `repository` is where the
 * sources are.
 */
export async function packAll(directory, { elsewhere = [], repository } = {}) {
  repositoryField(repository, '');
  await buildAll();
  mkdirSync(directory, { recursive: true });
  const all = packages();
  const versions = new Map(all.map(({ manifest }) => [manifest.name, manifest.version]));
  const release = { platforms: [...new Set([platformTriple(), ...elsewhere])].sort(), repository };
  const staging = mkdtempSync(join(tmpdir(), 'chunker-pack-'));
  const tarballs = new Map();
  for (const one of all) {
    tarballs.set(one.manifest.name, await pack(stagePackage(one, versions, release, staging), directory));
    const stem = bindingOf(one);
    if (stem) tarballs.set(`${one.manifest.name}-${platformTriple()}`, await pack(stagePlatform(one, stem, release, staging), directory));
  }
  rmSync(staging, { recursive: true });
  return tarballs;
}

/** The tarballs that `CHUNKER_TARBALLS` lists, where several steps or versions of Node try the same ones; else what is packed now, into `directory`. */
export async function packedOnce(directory) {
  const list = process.env.CHUNKER_TARBALLS;
  return list ? new Map(JSON.parse(readFileSync(list, 'utf8'))) : await packAll(directory);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = { repository: { type: 'string', default: process.env.CHUNKER_REPOSITORY }, list: { type: 'string' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [directory = fail('where to? pnpm pack:all DIR [--repository URL] [--list FILE] [PLATFORM...]'), ...elsewhere] = positionals;
  const tarballs = await packAll(resolve(process.env.INIT_CWD ?? process.cwd(), directory), { elsewhere, repository: values.repository });
  // What `CHUNKER_TARBALLS` names.
  if (values.list !== undefined) writeFileSync(values.list, JSON.stringify([...tarballs]));
  for (const [name, path] of tarballs) say(`${name.padEnd(48)} ${path}`);
  if (values.repository === undefined)
    say('\nNo --repository was given: these can be tried, and not be published with a statement of provenance (docs/guides/release.md).');
}
