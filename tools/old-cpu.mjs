// One binary serves old and new CPUs: the built addons run in Node on emulated CPUs (qemu-user) that lack AVX, SHA-NI and the rest, and must give the answers that they give here.
// The emulator stops an instruction that its CPU does not have (shown first), so an answer also says that none was executed.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addonFile } from './addon.mjs';
import { fail, run, say, seconds } from './say.mjs';
import { bindings, packages, ROOT } from './workspace.mjs';

/** The first x86-64 that there was (SSE2 and SSE3 alone), the last without AVX, and AVX2 without AVX-512. */
const CPUS = ['qemu64', 'Nehalem', 'Haswell'];
const EMULATOR = 'qemu-x86_64';
const PROBE = `#include <immintrin.h>
volatile int numbers[8];
int main(void) {
  __m256i sum = _mm256_add_epi32(_mm256_loadu_si256((void *)numbers), _mm256_loadu_si256((void *)numbers));
  _mm256_storeu_si256((void *)numbers, sum);
  return 0;
}
`;

const emulated = (cpu, command, args) => run(EMULATOR, ['-cpu', cpu, command, ...args], { cwd: ROOT, env: { NODE_OPTIONS: '' } });

/** An AVX instruction must end a program on a CPU without AVX, and must not on one with it; otherwise the rest proves nothing. */
async function checkEmulator(folder) {
  writeFileSync(join(folder, 'probe.c'), PROBE);
  const probe = join(folder, 'probe');
  const { code, output } = await run(process.env.CC ?? 'cc', ['-mavx2', '-O1', '-o', probe, join(folder, 'probe.c')]);
  if (code !== 0) fail(`the probe does not compile:\n${output}`);
  if ((await emulated('Nehalem', probe, [])).code === 0) fail('the emulator executes AVX on a CPU that has none: it proves nothing');
  if ((await emulated('Haswell', probe, [])).code !== 0) fail('the emulator does not execute AVX2');
}

const plugins = packages().filter(({ stem, manifest }) => manifest.chunker?.plugin && bindings().includes(stem));

async function answers(command, args) {
  const files = [join(ROOT, 'packages', 'core'), ...plugins.map(({ directory }) => directory)].map((directory, at) =>
    join(directory, 'dist', at === 0 ? 'index.js' : 'plugin.js'),
  );
  const started = performance.now();
  const { code, output } = await run(command, [...args, join(ROOT, 'tools', 'old-cpu', 'answers.mjs'), ...files], { cwd: ROOT, env: { CHUNKER_KERNEL: '' } });
  if (code !== 0) return { failure: output };
  return { ...JSON.parse(output.trim().split('\n').at(-1)), milliseconds: performance.now() - started };
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  say('skipped: CPUs are emulated on x86-64 Linux only');
  process.exit(0);
}
if ((await run(EMULATOR, ['--version'])).code !== 0) {
  if (process.env.CI) fail(`CI needs ${EMULATOR} (Debian: qemu-user)`);
  say(`skipped: ${EMULATOR} is not installed (Debian: qemu-user)`);
  process.exit(0);
}
for (const { stem } of plugins) if (!existsSync(addonFile(stem))) fail(`the addon '${stem}' is not built: node tools/build.mjs`);

const folder = mkdtempSync(join(tmpdir(), 'chunker-old-cpu-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
await checkEmulator(folder);
const { milliseconds: _, ...expected } = await answers(process.execPath, []);
if (expected.failure) fail(expected.failure);
for (const [name, [kernel]] of Object.entries(expected)) if (kernel !== 'native') fail(`${name} was answered by the ${kernel} kernel, not by the native one`);
for (const cpu of CPUS) {
  const { failure, milliseconds, ...found } = await answers(EMULATOR, ['-cpu', cpu, process.execPath]);
  if (failure) fail(`on ${cpu}:\n${failure}`);
  const different = Object.keys(expected).filter((name) => String(found[name]) !== String(expected[name]));
  if (different.length > 0) fail(`on ${cpu} these answer otherwise than here: ${different.join(', ')}`);
  say(`${cpu}: ${Object.keys(found).join(', ')} as here (${seconds(milliseconds)})`);
}
