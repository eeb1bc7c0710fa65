// Rebuilds every generated file that is committed and compares: what stands in the repository is what its source says. `--write` writes them anew.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fail, run, say } from './say.mjs';
import { ROOT } from './workspace.mjs';

/** Generator and the file or folder that it writes; each takes the target's path as its argument. */
const GENERATED = [
  ['tools/error-table.mjs', 'docs/reference/errors.md'],
  ['tools/api-reference.mjs', 'docs/reference/api'],
  ['tools/figures.mjs', 'README.md'],
  ['tools/cli-reference.mjs', 'docs/reference/cli.md'],
  ['tools/cli-reference.mjs', 'packages/cli/man/chunker.1'],
];

/** The files of a folder, or the file itself, by name. */
function contents(path) {
  if (!existsSync(path)) return new Map();
  if (!statSync(path).isDirectory()) return new Map([['', readFileSync(path, 'utf8')]]);
  return new Map(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'utf8')]));
}

const write = process.argv.includes('--write');
let files = 0;
const problems = [];
const folder = mkdtempSync(join(tmpdir(), 'chunker-generated-'));
for (const [at, [generator, place]] of GENERATED.entries()) {
  const target = write ? join(ROOT, place) : join(folder, `${at}-${basename(place)}`);
  if (write && !place.endsWith('.md')) rmSync(target, { recursive: true, force: true });
  const { code, output } = await run(process.execPath, [join(ROOT, generator), target], { cwd: ROOT });
  if (code !== 0) fail(`${generator} failed:\n${output}`);
  const [fresh, kept] = [contents(target), contents(join(ROOT, place))];
  for (const name of new Set([...fresh.keys(), ...kept.keys()]))
    if (fresh.get(name) !== kept.get(name)) problems.push(`${join(place, name)} is not what ${generator} writes; run: node tools/generated.mjs --write`);
  files += fresh.size;
}
rmSync(folder, { recursive: true });
if (problems.length > 0) fail(problems.join('\n  '));
say(`${files} generated files are ${write ? 'written' : 'up to date'}`);
