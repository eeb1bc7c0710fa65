// `node tools/other-arch.mjs [TARGET]`: builds and tests the kernels for another architecture, emulated. Default: 64-bit ARM Linux.
// Needs the target's standard library (rustup target add), a C compiler for it (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross) and qemu-user; what is missing is named.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail, run, say, seconds } from './say.mjs';
import { ROOT } from './workspace.mjs';

const TARGETS = { 'aarch64-unknown-linux-gnu': { compiler: 'aarch64-linux-gnu-gcc', emulator: 'qemu-aarch64', root: '/usr/aarch64-linux-gnu' } };
/** `io` is all system calls, of which the emulator translates some only. */
const PASSED_OVER = new Set(['io']);

const [target = 'aarch64-unknown-linux-gnu'] = process.argv.slice(2);
const { compiler, emulator, root } = TARGETS[target] ?? fail(`no way to run ${target} is known; known are ${Object.keys(TARGETS).join(', ')}`);

const missing = [];
if (!(await run('rustup', ['target', 'list', '--installed'], { cwd: ROOT })).output.split('\n').includes(target)) missing.push(`rustup target add ${target}`);
for (const program of [compiler, emulator]) if ((await run(program, ['--version'])).code !== 0) missing.push(program);
if (!existsSync(root)) missing.push(root);
if (missing.length > 0) {
  say(`skipped: kernels on ${target} need ${missing.join(', ')}`);
  process.exit(0);
}

const name = target.toUpperCase().replaceAll('-', '_');
const env = {
  CARGO_TARGET_DIR: join(ROOT, 'target', 'other-arch'),
  [`CARGO_TARGET_${name}_LINKER`]: compiler,
  [`CARGO_TARGET_${name}_RUNNER`]: `${emulator} -L ${root}`,
  [`CC_${target.replaceAll('-', '_')}`]: compiler,
};
let failures = 0;
for (const stem of readdirSync(join(ROOT, 'native', 'kernels')).filter((one) => !PASSED_OVER.has(one))) {
  const started = performance.now();
  const { code, output } = await run('cargo', ['test', '--quiet', '--target', target, '-p', `chunker-${stem}`], { cwd: ROOT, env });
  const passed = [...output.matchAll(/test result: \w+\. (\d+) passed/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  say(`${stem.padEnd(10)} ${code === 0 && passed > 0 ? 'ok' : 'failed'} (${passed} passed, ${seconds(performance.now() - started)})`);
  if (code === 0 && passed > 0) continue;
  failures++;
  say(output.slice(-10_000));
}
process.exitCode = failures === 0 ? 0 : 1;
