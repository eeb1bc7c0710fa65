// All that `ready` and CI run, in the order in which a mistake is cheapest to find.
import { dirname, join } from 'node:path';
import { ROOT, wasmDoors } from '../workspace.mjs';

const node = process.execPath;
const bin = (name, file) => [node, join(ROOT, 'node_modules', name, file)];
const biome = bin('@biomejs/biome', 'bin/biome');
const vitest = bin('vitest', 'vitest.mjs');
const CI = Boolean(process.env.CI);
const TARBALLS = join(ROOT, 'build', 'packed', 'tarballs.json');
const packed = { env: { CHUNKER_TARBALLS: TARBALLS }, needs: 'pack' };
const tests = (file) => [node, '--test', '--test-reporter=spec', file];

/**
 * Each a step, or lanes of steps side by side: compilers, and npm most of the time, leave a core free. What measures is alone, and so is what uses both cores itself.
 * A step is its `name` and `command`, and what else there is to know. `isTest`: where no test ran it has failed, whatever it says. `minutes`: after so many it hangs, and is ended.
 */
const PLAN = [
  { name: 'format', command: [...biome, 'format', '.'] },
  { name: 'rust format', command: ['cargo', 'fmt', '--all', '--check'] },
  // The doors to wasm stand outside the workspace: they are built by another toolchain.
  ...['native/wasm-abi', ...wasmDoors().map((stem) => `native/bindings/${stem}/wasm`)].map((folder) => ({
    name: `rust format of ${folder}`,
    command: ['cargo', 'fmt', '--check', '--manifest-path', `${folder}/Cargo.toml`],
  })),
  { name: 'lint', command: [...biome, 'lint', '--error-on-warnings', '.'] },
  { name: 'walls', command: [node, 'tools/walls.mjs'] },
  { name: 'limbs', command: [node, 'tools/limbs.mjs'] },
  { name: 'types', command: [...bin('typescript', 'bin/tsc'), '-p', 'tsconfig.json', '--noEmit'] },
  { name: 'build', command: [node, 'tools/build.mjs'] },
  { name: 'sizes', command: [node, 'tools/size.mjs'] },
  { name: 'generated files', command: [node, 'tools/generated.mjs'] },
  { name: 'unit and laws', command: [...vitest, 'run', ...(CI ? ['--reporter=dot'] : [])], isTest: true, minutes: 40 },
  { name: 'pack', command: [node, 'tools/pack-all.mjs', dirname(TARBALLS), '--list', TARBALLS] },
  [
    [
      { name: 'rust lint', command: ['cargo', 'clippy', '--workspace', '--all-targets', '--quiet', '--', '-D', 'warnings'] },
      { name: 'rust tests', command: ['cargo', 'test', '--workspace', '--quiet'], isTest: true },
      {
        name: 'loom models',
        command: ['cargo', 'test', '-p', 'chunker-support', '--profile', 'loom', '--test', 'loom'],
        env: { RUSTFLAGS: '--cfg loom', CARGO_TARGET_DIR: join(ROOT, 'target', 'loom') },
        isTest: true,
      },
      { name: 'oldest rust', command: [node, 'tools/oldest-rust.mjs'] },
    ],
    [
      { name: 'packed', command: tests('tools/packed.test.mjs'), ...packed, isTest: true },
      { name: 'examples and documents', command: tests('tools/examples.test.mjs'), isTest: true },
      { name: 'old CPUs', command: [node, 'tools/old-cpu.mjs'] },
    ],
    [{ name: 'guides from an empty folder', command: tests('tools/guides.test.mjs'), ...packed, isTest: true }],
    // Brings other versions of Node, which a person's machine need not have.
    CI ? [{ name: 'other versions of Node', command: [node, 'tools/node-versions.mjs'], ...packed, isTest: true }] : [],
  ],
  { name: 'agreement with oracles', command: [node, 'tools/agreement.mjs', '--quick'], isTest: true },
  { name: 'benchmarks run', command: [node, 'bench/run.mjs', '--once'] },
];

const everyStep = PLAN.flat(2);

/** The steps of these names, or all, with what they need: groups one after the other, each of lanes side by side. */
export function groupsOf(names) {
  const chosen = new Set(everyStep.filter(({ name }) => names.length === 0 || names.includes(name)));
  for (const { needs } of [...chosen]) if (needs) chosen.add(everyStep.find(({ name }) => name === needs));
  const lanes = (entry) => (Array.isArray(entry) ? entry : [[entry]]);
  const groups = PLAN.map((entry) => lanes(entry).map((lane) => lane.filter((step) => chosen.has(step))));
  return groups.map((group) => group.filter((lane) => lane.length > 0)).filter((group) => group.length > 0);
}
