// Builds a kernel's wasm door: `node tools/wasm.mjs [STEM...]`. Takes rustup's wasm32 target where it is installed; otherwise Debian's compiler with the
// standard library built from source. Says what is missing where neither is there.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run, say } from './say.mjs';
import { packages, ROOT, wasmDoors } from './workspace.mjs';

const TARGET = 'wasm32-unknown-unknown';
const EXPORTS = ['memory', 'alloc', 'free', 'call'];
const FEATURES = ['simd', 'bulk-memory', 'sign-ext', 'nontrapping-float-to-int', 'mutable-globals', 'reference-types', 'multivalue'];
const HOW = `run 'rustup target add ${TARGET}' and install clang and binaryen, or on Debian: apt-get install --no-install-recommends rustc-web cargo-web rust-web-src rust-web-llvm lld-22 clang-22 llvm-22 binaryen`;

/** Where the module of `stem` is built: in the package whose stem it is. */
export function wasmFile(stem) {
  const owner = packages().find((one) => one.stem === stem && one.kind);
  return join(owner?.directory ?? join(ROOT, 'packages', `hash-${stem}`), 'build', `${stem}.wasm`);
}

/** The first of `names` that can be run. */
async function firstOf(names) {
  for (const name of names) if ((await run(name, ['--version'])).code === 0) return name;
  return undefined;
}

const versioned = (name) => [`${name}-22`, name, ...[23, 21, 20, 19, 18, 17, 16].map((version) => `${name}-${version}`)];

/** rustup's compiler, when the target's standard library is installed. */
async function installedTarget() {
  const { code, output } = await run('rustc', ['--print', 'target-libdir', '--target', TARGET], { cwd: ROOT });
  return code === 0 && existsSync(output.trim()) ? { rustc: 'rustc', buildStd: false } : undefined;
}

/** A distribution's compiler that brings the standard library's source and a linker for wasm. */
async function sourceTarget() {
  const rustc = '/usr/bin/rustc';
  if (!existsSync(rustc)) return undefined;
  const { code, output } = await run(rustc, ['--print', 'sysroot']);
  if (code !== 0 || !existsSync(join(output.trim(), 'lib', 'rustlib', 'src', 'rust', 'library', 'std'))) return undefined;
  const linker = await firstOf(versioned('wasm-ld'));
  return linker && { rustc, buildStd: true, linker };
}

let found;

/** What builds wasm here: `{ available: true, … }`, or `{ available: false, reason }` with what to install. */
export function wasmToolchain() {
  found ??= look();
  return found;
}

async function look() {
  const compiler = (await installedTarget()) ?? (await sourceTarget());
  const optimizer = await firstOf(['wasm-opt']);
  // Some packages of Binaryen bring wasm-opt alone.
  const pruner = await firstOf(['wasm-metadce']);
  const missing = [];
  if (!compiler) missing.push(`a Rust compiler for ${TARGET}`);
  if (!optimizer || !pruner) missing.push('wasm-opt and wasm-metadce (Binaryen)');
  if (missing.length > 0) return { available: false, reason: `${missing.join(' and ')} not found; ${HOW}` };
  // Kernels on C libraries need it; the others build without.
  const clang = await firstOf(versioned('clang'));
  const archiver = await firstOf(versioned('llvm-ar'));
  return { available: true, ...compiler, clang, archiver };
}

function environment({ rustc, buildStd, linker, clang, archiver }) {
  const link = buildStd ? [`-Clinker=${linker}`, '-Clinker-flavor=wasm-ld'] : [];
  return {
    RUSTC: rustc,
    // `-Zbuild-std` is for nightly compilers; this says that a stable one may do it too.
    ...(buildStd && { RUSTC_BOOTSTRAP: '1' }),
    RUSTFLAGS: [...link, '-Ctarget-feature=+simd128,+bulk-memory'].join(' '),
    CARGO_TARGET_DIR: join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'wasm'),
    ...(clang && { CC_wasm32_unknown_unknown: clang, AR_wasm32_unknown_unknown: archiver }),
    CFLAGS_wasm32_unknown_unknown: '-O3 -msimd128 -mbulk-memory',
  };
}

async function must(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`'${command} ${args.join(' ')}' ended with ${code}:\n${output}`);
}

/** Optimizes, drops every export but the four, and checks that nothing is imported. Gives the module's bytes. */
async function finish(input) {
  const work = mkdtempSync(join(tmpdir(), 'chunker-wasm-'));
  try {
    const roots = EXPORTS.map((name) => ({ name, root: true, export: name }));
    writeFileSync(join(work, 'graph.json'), JSON.stringify(roots));
    const enable = FEATURES.map((feature) => `--enable-${feature}`);
    const pruned = join(work, 'pruned.wasm');
    await must('wasm-metadce', [input, '--graph-file', join(work, 'graph.json'), ...enable, '-o', pruned]);
    const done = join(work, 'done.wasm');
    await must('wasm-opt', ['-O3', '--strip-debug', '--strip-producers', ...enable, pruned, '-o', done]);
    return readFileSync(done);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function check(stem, bytes) {
  const module = new WebAssembly.Module(bytes);
  const imports = WebAssembly.Module.imports(module).map((one) => `${one.module}.${one.name}`);
  const exports = WebAssembly.Module.exports(module).map((one) => one.name);
  if (imports.length > 0) throw new Error(`${stem}.wasm imports ${imports.join(', ')}; a module must run without its host's help`);
  if (exports.sort().join() !== [...EXPORTS].sort().join()) throw new Error(`${stem}.wasm exports ${exports.join(', ')} instead of ${EXPORTS.join(', ')}`);
}

/** Builds the module of `stem`; answers a remark about it. Throws where the toolchain is missing or a tool fails. */
export async function buildWasm(stem) {
  const toolchain = await wasmToolchain();
  if (!toolchain.available) throw new Error(toolchain.reason);
  const door = join(ROOT, 'native', 'bindings', stem, 'wasm');
  const env = environment(toolchain);
  const std = toolchain.buildStd ? ['-Zbuild-std=std,panic_abort'] : [];
  await must('cargo', ['build', '--release', '--target', TARGET, ...std], { cwd: door, env });
  const bytes = await finish(join(env.CARGO_TARGET_DIR, TARGET, 'release', `${stem}.wasm`));
  check(stem, bytes);
  const file = wasmFile(stem);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, bytes);
  // A bundle that is there already keeps its copy beside its code.
  const dist = join(file, '..', '..', 'dist');
  if (existsSync(dist)) writeFileSync(join(dist, `${stem}.wasm`), bytes);
  return `${(bytes.length / 1024).toFixed(1)} KiB`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const toolchain = await wasmToolchain();
  if (!toolchain.available) {
    process.stderr.write(`no wasm kernels: ${toolchain.reason}\n`);
    process.exitCode = 1;
  } else {
    const named = process.argv.slice(2);
    for (const stem of named.length > 0 ? named : wasmDoors()) say(`${stem}.wasm: ${await buildWasm(stem)}`);
  }
}
