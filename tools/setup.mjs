// Brings what a fresh clone lacks: looks at the toolchains, installs pnpm (pinned, into .tools) and the dependencies.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail, run, say, step } from './say.mjs';
import { ROOT } from './workspace.mjs';

const NODE_MINIMUM = [20, 19];
const RUST_MINIMUM = [1, 89];

const atLeast = (found, wanted) => found[0] > wanted[0] || (found[0] === wanted[0] && found[1] >= wanted[1]);
const numbers = (text) => (text.match(/(\d+)\.(\d+)/) ?? [0, 0, 0]).slice(1, 3).map(Number);

/** The pinned pnpm: its version stands in package.json's packageManager. */
export const PNPM = join(ROOT, '.tools', 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');

async function checkToolchains() {
  const missing = [];
  if (!atLeast(numbers(process.versions.node), NODE_MINIMUM)) {
    missing.push(`Node.js ${NODE_MINIMUM.join('.')} or newer (this is ${process.versions.node}): https://nodejs.org`);
  }
  const cargo = await run('cargo', ['--version']);
  if (cargo.code !== 0 || !atLeast(numbers(cargo.output), RUST_MINIMUM)) {
    missing.push(`Rust ${RUST_MINIMUM.join('.')} or newer (${cargo.code === 0 ? cargo.output.trim() : 'cargo was not found'}): https://rustup.rs`);
  }
  const cc = await run(process.env.CC ?? 'cc', ['--version']);
  if (cc.code !== 0) missing.push("a C compiler named 'cc' (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)");
  if (missing.length > 0) fail(`something is missing here:\n  - ${missing.join('\n  - ')}`);
}

async function bringPnpm() {
  const pinned = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).packageManager.split('@')[1];
  const installed = join(ROOT, '.tools', 'node_modules', 'pnpm', 'package.json');
  if (existsSync(installed) && JSON.parse(readFileSync(installed, 'utf8')).version === pinned) return;
  await step(`Getting pnpm ${pinned}`, 'npm', [
    'install',
    '--prefix',
    join(ROOT, '.tools'),
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `pnpm@${pinned}`,
  ]);
}

async function installDependencies() {
  const lock = join(ROOT, 'pnpm-lock.yaml');
  const installed = join(ROOT, 'node_modules', '.modules.yaml');
  if (existsSync(installed) && statSync(installed).mtimeMs > statSync(lock).mtimeMs) return;
  await step('Installing dependencies', process.execPath, [PNPM, 'install', '--frozen-lockfile'], { cwd: ROOT, env: { CI: 'true' } });
}

/** Everything that a build needs; quick when it is there already. */
export async function setUp() {
  if (!existsSync(join(ROOT, 'node_modules', '.modules.yaml'))) say('Setting up a fresh clone; later starts skip this.');
  await checkToolchains();
  await bringPnpm();
  await installDependencies();
}
