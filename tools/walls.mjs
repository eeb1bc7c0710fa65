// Proves that the walls stand: each forbidden import below must be refused with the reason, each allowed one must pass.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fail, run, say } from './say.mjs';
import { ROOT } from './workspace.mjs';

const FORBIDDEN = [
  ['packages/core/src/contracts/x.ts', '../errors/index.js', 'Contracts import nothing'],
  ['packages/core/src/errors/x.ts', '../registry/registry.js', 'Errors import contracts and nothing else'],
  ['packages/core/src/derive/x.ts', 'tsyringe', 'registry/container.ts'],
  ['packages/core/src/derive/x.ts', 'zod', 'never imports zod'],
  ['packages/core/src/derive/x.ts', '@chunker/codec-zstd', 'Core knows no plugin'],
  ['packages/codec-zstd/src/x.ts', '@chunker/hash-blake3', 'never another package'],
  ['packages/codec-zstd/src/x.ts', 'tsyringe', 'Plugins do not know the container'],
  ['packages/hash-blake3/src/x.ts', 'zod', 'Importing zod costs'],
  ['packages/io/src/x.ts', '@chunker/pipeline', 'io imports core only'],
  ['packages/pipeline/src/x.ts', '@chunker/codec-zstd', 'through a registry'],
  ['packages/nar/src/x.ts', '@chunker/pipeline', 'through a registry'],
  ['packages/conformance/src/x.ts', '@chunker/codec-zstd', 'The laws know contracts'],
];
const ALLOWED = [
  ['packages/core/src/errors/x.ts', '../contracts/index.js'],
  ['packages/core/src/registry/container.ts', 'tsyringe'],
  ['packages/codec-zstd/src/x.ts', '@chunker/core'],
  ['packages/codec-zstd/src/x.ts', '@chunker/core/native'],
  ['packages/codec-zstd/src/options.ts', 'zod'],
  ['packages/pipeline/src/x.ts', '@chunker/io'],
  ['packages/cli/src/x.ts', '@chunker/codec-zstd'],
];

const folder = mkdtempSync(join(tmpdir(), 'chunker-walls-'));

/** Lints one file per case in a tree of its own, whose places the rules take for the real ones. */
async function refusals() {
  const cases = [...FORBIDDEN, ...ALLOWED];
  const found = new Map();
  for (const [index, [path, specifier]] of cases.entries()) {
    const root = join(folder, String(index));
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync(join(ROOT, 'biome.json'), join(root, 'biome.json'));
    writeFileSync(file, `import { x } from '${specifier}';\nx();\n`);
    const biome = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
    const { output } = await run(process.execPath, [biome, 'lint', '--colors=off', path], { cwd: root });
    if (!/Checked 1 file/.test(output)) fail(`biome did not read ${path}:\n${output}`);
    found.set(cases[index], output.replace(/\s+/g, ' '));
  }
  return found;
}

const outputs = await refusals();
rmSync(folder, { recursive: true });
let holes = 0;
for (const wall of FORBIDDEN) {
  const [path, specifier, reason] = wall;
  const output = outputs.get(wall);
  if (!output.includes('noRestrictedImports') || !output.includes(reason)) {
    holes++;
    say(`a hole in the wall: ${path} may import ${specifier}`);
  }
}
for (const door of ALLOWED) {
  if (outputs.get(door).includes('noRestrictedImports')) {
    holes++;
    say(`a wall in the way: ${door[0]} may not import ${door[1]}`);
  }
}
if (holes > 0) fail(`${holes} of ${FORBIDDEN.length + ALLOWED.length} walls are not where they belong (biome.json, overrides)`);
say(`${FORBIDDEN.length} forbidden imports are refused with the reason, ${ALLOWED.length} allowed ones pass`);
