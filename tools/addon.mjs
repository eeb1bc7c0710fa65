// Builds a binding's addon and puts it where core's loader looks for it: native/bindings/<stem>/build/chunker-<stem>.<platform>-<arch>[-<libc>].node
//
//   node tools/addon.mjs zstd blake3        builds these
//   import { buildAddon } from './addon.mjs'
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What an addon may export; everything else is hidden. */
const EXPORTS = new Set(['napi_register_module_v1', 'CHUNKER_EXECUTOR']);

/** `linux-x64-gnu`, `darwin-arm64`, …: the suffix of file and package names. */
export function platformTriple() {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform}-${arch}`;
  const libc = process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl';
  return `${platform}-${arch}-${libc}`;
}

/** Where the addon of a stem is put. */
export function addonFile(stem) {
  return join(root, 'native', 'bindings', stem, 'build', `chunker-${stem}.${platformTriple()}.node`);
}

/** Builds `native/bindings/<stem>` in release mode and answers the path of the addon. Throws when it exports more or less than it should. */
export function buildAddon(stem) {
  const crate = `chunker-${stem}-node`;
  const built = spawnSync('cargo', ['build', '--release', '-p', crate], { cwd: root, stdio: 'inherit' });
  if (built.error) throw new Error(`cargo could not be started: ${built.error.message}`);
  if (built.status !== 0) throw new Error(`cargo build of ${crate} failed`);
  const library = join(targetFolder(), 'release', libraryName(crate.replaceAll('-', '_')));
  const file = addonFile(stem);
  mkdirSync(dirname(file), { recursive: true });
  // A running process may have the old file mapped: a new file is moved in its place, the old one is never written to.
  const fresh = `${file}.${process.pid}`;
  copyFileSync(library, fresh);
  renameSync(fresh, file);
  checkExports(file);
  return file;
}

/** Throws unless the file's dynamic symbols are just those that an addon exports. Only on Linux, where `nm` answers this. */
export function checkExports(file) {
  if (process.platform !== 'linux') return;
  const text = execFileSync('nm', ['-D', '--defined-only', '--format=posix', file], { encoding: 'utf8' });
  const found = text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ')[0]);
  const extra = found.filter((name) => !EXPORTS.has(name));
  const missing = [...EXPORTS].filter((name) => !found.includes(name));
  if (extra.length > 0) throw new Error(`${file} exports ${extra.join(', ')}`);
  if (missing.length > 0) throw new Error(`${file} does not export ${missing.join(', ')}`);
}

function libraryName(name) {
  if (process.platform === 'win32') return `${name}.dll`;
  return `lib${name}.${process.platform === 'darwin' ? 'dylib' : 'so'}`;
}

function targetFolder() {
  const text = execFileSync('cargo', ['metadata', '--format-version', '1', '--no-deps'], { cwd: root, encoding: 'utf8' });
  return JSON.parse(text).target_directory;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const stem of process.argv.slice(2)) console.log(buildAddon(stem));
}
