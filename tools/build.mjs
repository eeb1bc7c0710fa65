// Builds what runs: the native addons, the wasm modules, and each package's dist. Unchanged parts are skipped.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bold, say, seconds } from './say.mjs';
import { unlessUnchanged } from './stamps.mjs';
import { bindings, entries, packages, ROOT, wasmDoors } from './workspace.mjs';

const NATIVE = ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', '.cargo', 'native', 'tools/addon.mjs', 'tools/wasm.mjs'];

async function timed(name, work) {
  process.stdout.write(`${bold(name)} … `);
  const started = performance.now();
  const remark = await work();
  say(`${seconds(performance.now() - started)}${remark ? ` (${remark})` : ''}`);
}

async function buildAddons() {
  const { addonFile, buildAddon } = await import('./addon.mjs');
  const stems = bindings();
  await unlessUnchanged('addons', { inputs: NATIVE, outputs: stems.map((stem) => addonFile(stem)) }, async () => {
    for (const stem of stems) await timed(`Building the native addon '${stem}'`, () => buildAddon(stem));
  });
}

async function buildWasmModules() {
  const { buildWasm, wasmFile, wasmToolchain } = await import('./wasm.mjs');
  const stems = wasmDoors();
  const toolchain = await wasmToolchain();
  if (!toolchain.available) {
    if (!stems.every((stem) => existsSync(wasmFile(stem)))) say(`${bold('No wasm kernels')}: ${toolchain.reason}`);
    return;
  }
  await unlessUnchanged('wasm', { inputs: NATIVE, outputs: stems.map((stem) => wasmFile(stem)) }, async () => {
    for (const stem of stems) await timed(`Building the wasm module '${stem}'`, () => buildWasm(stem));
  });
}

async function bundlePackages() {
  const outputs = packages().flatMap((one) => entries(one).map(({ output }) => output));
  await unlessUnchanged('dist', { inputs: ['packages', 'tools/dist.mjs', 'tsconfig.base.json', 'pnpm-lock.yaml'], outputs }, () =>
    timed('Bundling the packages', async () => {
      const { buildDist } = await import('./dist.mjs');
      await buildDist();
    }),
  );
}

/** Builds all that is out of date. */
export async function buildAll() {
  await buildAddons();
  await buildWasmModules();
  await bundlePackages();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.chdir(join(ROOT));
  await buildAll();
}
