// The kernels and bindings compile with the oldest Rust that we promise (`rust-version` in Cargo.toml), where that toolchain is installed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, run, say } from './say.mjs';
import { ROOT } from './workspace.mjs';

const read = (...path) => readFileSync(join(ROOT, ...path), 'utf8');
const promised = read('Cargo.toml').match(/^rust-version = "(\d+\.\d+)"$/m)[1];
const asked = read('tools', 'setup.mjs')
  .match(/RUST_MINIMUM = \[(\d+), (\d+)\]/)
  .slice(1)
  .join('.');
if (asked !== promised) fail(`Cargo.toml promises Rust ${promised}, tools/setup.mjs asks for ${asked}`);

if ((await run('cargo', [`+${promised}`, '--version'], { cwd: ROOT })).code !== 0) {
  say(`skipped: Rust ${promised} is not installed (rustup toolchain install ${promised} --profile minimal)`);
} else {
  // The C libraries are compiled only because their crates' build scripts do it.
  const env = { CARGO_TARGET_DIR: join(ROOT, 'target', 'oldest-rust'), CFLAGS: '-O0' };
  const { code, output } = await run('cargo', [`+${promised}`, 'check', '--workspace', '--locked', '--quiet'], { cwd: ROOT, env });
  if (code !== 0) fail(`the workspace does not compile with Rust ${promised}:\n${output}`);
  say(`the workspace compiles with Rust ${promised}`);
}
