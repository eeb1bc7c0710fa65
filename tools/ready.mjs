// `pnpm ready`: all that CI runs, in the order in which a mistake is cheapest to find. Every step runs, whatever failed before it; the record is build/ready.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { bold, green, red, run, say, seconds } from './say.mjs';
import { ROOT, wasmDoors } from './workspace.mjs';

const node = process.execPath;
const bin = (name, file) => [node, join(ROOT, 'node_modules', name, file)];
const biome = bin('@biomejs/biome', 'bin/biome');
const vitest = bin('vitest', 'vitest.mjs');
const CI = Boolean(process.env.CI);
const TARBALLS = join(ROOT, 'build', 'packed', 'tarballs.json');
/** What steps share that try what is packed. They mostly wait for npm on one core, so they run side by side. */
const PACKED = { CHUNKER_TARBALLS: TARBALLS };

const STEPS = [
  ['format', [...biome, 'format', '.']],
  ['rust format', ['cargo', 'fmt', '--all', '--check']],
  // The doors to wasm stand outside the workspace: they are built by another toolchain.
  ...['native/wasm-abi', ...wasmDoors().map((stem) => `native/bindings/${stem}/wasm`)].map((folder) => [
    `rust format of ${folder}`,
    ['cargo', 'fmt', '--check', '--manifest-path', `${folder}/Cargo.toml`],
  ]),
  ['lint', [...biome, 'lint', '--error-on-warnings', '.']],
  ['walls', [node, 'tools/walls.mjs']],
  ['limbs', [node, 'tools/limbs.mjs']],
  ['types', [...bin('typescript', 'bin/tsc'), '-p', 'tsconfig.json', '--noEmit']],
  ['build', [node, 'tools/build.mjs']],
  ['sizes', [node, 'tools/size.mjs']],
  ['generated files', [node, 'tools/generated.mjs']],
  ['rust lint', ['cargo', 'clippy', '--workspace', '--all-targets', '--quiet', '--', '-D', 'warnings']],
  ['oldest rust', [node, 'tools/oldest-rust.mjs']],
  ['rust tests', ['cargo', 'test', '--workspace', '--quiet']],
  [
    'loom models',
    ['cargo', 'test', '-p', 'chunker-support', '--profile', 'loom', '--test', 'loom'],
    { RUSTFLAGS: '--cfg loom', CARGO_TARGET_DIR: join(ROOT, 'target', 'loom') },
  ],
  ['unit and laws', [...vitest, 'run', ...(CI ? ['--reporter=dot'] : [])]],
  ['examples and documents', [node, '--test', '--test-reporter=spec', 'tools/examples.test.mjs']],
  ['old CPUs', [node, 'tools/old-cpu.mjs']],
  ['pack', [node, 'tools/pack-all.mjs', dirname(TARBALLS), '--list', TARBALLS]],
  ['packed', [node, '--test', '--test-reporter=spec', 'tools/packed.test.mjs'], PACKED],
  ['guides from an empty folder', [node, '--test', '--test-reporter=spec', 'tools/guides.test.mjs'], PACKED],
  // Brings other versions of Node, which a person's machine need not have.
  ...(CI ? [['other versions of Node', [node, 'tools/node-versions.mjs'], PACKED]] : []),
  ['agreement with oracles', [node, 'tools/agreement.mjs', '--quick']],
  ['benchmarks run', [node, 'bench/run.mjs', '--once']],
];

/** Steps that run tests: one of them in which no test ran has failed, whatever it says. */
const TESTING = new Set([
  'rust tests',
  'loom models',
  'unit and laws',
  'examples and documents',
  'packed',
  'guides from an empty folder',
  'other versions of Node',
  'agreement with oracles',
]);

/** Counts that a step's own runner prints: cargo test, vitest, node:test. A step without a runner counts as one check. */
function count(name, output, code) {
  const plain = stripVTControlCharacters(output);
  const sum = (pattern) => [...plain.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  const passed = sum(/test result: \w+\. (\d+) passed/g) + sum(/^\s+Tests .*?(\d+) passed/gm) + sum(/^ℹ pass (\d+)/gm);
  const failed = sum(/test result: \w+\. \d+ passed; (\d+) failed/g) + sum(/^\s+Tests .*?(\d+) failed/gm) + sum(/^ℹ fail (\d+)/gm);
  const skipped = sum(/; (\d+) ignored/g) + sum(/^\s+Tests .*?(\d+) skipped/gm) + sum(/^ℹ skipped (\d+)/gm);
  if (passed + failed === 0) {
    const good = code === 0 && !TESTING.has(name);
    return { passed: good ? 1 : 0, failed: good ? 0 : 1, skipped };
  }
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
}

const only = process.argv.slice(2);
const wanted = only.length > 0 ? STEPS.filter(([name]) => only.includes(name)) : STEPS;
if (wanted.some(([, , env]) => env === PACKED) && !wanted.some(([name]) => name === 'pack')) wanted.unshift(STEPS.find(([name]) => name === 'pack'));
const record = [];
const began = performance.now();

/** Runs a step and tells what came of it; `title` is written before that. */
async function perform([name, [command, ...args], env], title) {
  const started = performance.now();
  const { code, output } = await run(command, args, { cwd: ROOT, env });
  const counts = count(name, output, code);
  const time = performance.now() - started;
  record.push({ name, code, milliseconds: Math.round(time), ...counts });
  const told = [
    `${counts.passed} passed`,
    ...(counts.failed ? [`${counts.failed} failed`] : []),
    ...(counts.skipped ? [`${counts.skipped} skipped`] : []),
    seconds(time),
  ];
  say(`${title}${counts.failed === 0 ? green('ok') : red('failed')} (${told.join(', ')})`);
  const skips = output.match(/^.*\bskipped?: .*$/gim) ?? [];
  if (counts.failed > 0) say(output.length > 40_000 ? `…${output.slice(-40_000)}` : output);
  else for (const line of skips.slice(0, 10)) say(`  ${line.trim()}`);
}

for (let at = 0; at < wanted.length; ) {
  const beside = wanted.slice(at).findIndex(([, , env]) => env !== PACKED);
  const group = wanted.slice(at, beside < 0 ? undefined : at + Math.max(beside, 1));
  at += group.length;
  process.stdout.write(`${group.map(([name]) => bold(name)).join(', ')} … `);
  const ticker = setInterval(() => process.stdout.write('. '), 30_000);
  if (group.length > 1) say('');
  await Promise.all(group.map((step) => perform(step, group.length > 1 ? `  ${step[0]}: ` : '')));
  clearInterval(ticker);
}
const total = (key) => record.reduce((sum, one) => sum + one[key], 0);
mkdirSync(join(ROOT, 'build'), { recursive: true });
writeFileSync(
  join(ROOT, 'build', 'ready.json'),
  `${JSON.stringify({ passed: total('passed'), failed: total('failed'), skipped: total('skipped'), steps: record }, null, 2)}\n`,
);
say(`\n${bold('ready')} after ${seconds(performance.now() - began)}: ${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
process.exitCode = record.every(({ code, failed }) => code === 0 && failed === 0) ? 0 : 1;
