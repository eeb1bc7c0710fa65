// What importing each package costs: minified bytes of its `.` with everything that comes along, and CPU time of the import. `docs/reference/sizes.md` promises a most of each, which is checked
// here; `--write` writes those promises anew from what is measured. Core's own limits stand above them: 80 KB and 30 ms.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { addonFile } from './addon.mjs';
import { fail, say } from './say.mjs';
import { bindings, packages, ROOT } from './workspace.mjs';

const DOCUMENT = join(ROOT, 'docs/reference/sizes.md');

const LIMIT_BYTES = 80_000;
const LIMIT_MS = 30;
/** The least of so many: everything above it is somebody else's work on this machine. */
const RUNS = 9;

/** Bytes that the import brings at once; what is imported later, when it is needed, is not in it. */
async function minified(file, external) {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    outdir: '/out',
    entryNames: 'entry',
    metafile: true,
    external,
    logLevel: 'silent',
    legalComments: 'none',
  });
  const byPath = new Map(outputFiles.map((output) => [output.path, output]));
  const wanted = new Set();
  const visit = (path) => {
    if (wanted.has(path)) return;
    wanted.add(path);
    const text = byPath.get(path).text;
    for (const [, name] of text.matchAll(/(?:from|import)\s*"(\.\/[^"]+)"/g)) if (byPath.has(join('/out', name))) visit(join('/out', name));
  };
  visit('/out/entry.js');
  const all = Buffer.concat([...wanted].map((path) => Buffer.from(byPath.get(path).contents)));
  return { bytes: all.length, zipped: gzipSync(all).length };
}

/** CPU time of importing what `address` evaluates to, behind `preparation`. */
function importMilliseconds(address, preparation = '') {
  const program = `${preparation}const before = process.cpuUsage(); await import(${address}); const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000);`;
  const times = Array.from({ length: RUNS }, () => Number(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })));
  return Math.min(...times);
}

const addressOf = (file) => JSON.stringify(pathToFileURL(file).href);

/** A module that never changes, of functions and calls as others have them: what its import takes here tells how this machine, in the company it has now, compares with the one where times were promised. */
const YARDSTICK = `let text = '';
for (let i = 0; i < 500; i++) text += \`export function f\${i}(a) { const b = { a, i: \${i} }; return [a, b].map((one) => String(one)).join('\${i}'); }\\nexport const v\${i} = f\${i}('\${i}');\\n\`;
const address = 'data:text/javascript,' + encodeURIComponent(text);
`;
const YARDSTICK_MS = 20;
const slowness = Math.max(1, importMilliseconds('address', YARDSTICK) / YARDSTICK_MS);

/** The same of a command that has nothing to do but to say its version. */
function commandMilliseconds(file) {
  const program = `
    const before = process.cpuUsage();
    process.on('exit', () => {
      const { user, system } = process.cpuUsage(before);
      process.stderr.write(String((user + system) / 1000));
    });
    process.argv.splice(1, 1, ${JSON.stringify(file)}, '--version');
    await import(${JSON.stringify(pathToFileURL(file).href)});`;
  const times = Array.from({ length: RUNS }, () => Number(spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }).stderr));
  return Math.min(...times);
}

const STEPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];
/** A time leaves room for a machine that is busy or half as fast. */
const ROOM = { milliseconds: 2 };
const MOST = { '@chunker/core': { minified: LIMIT_BYTES / 1000, milliseconds: LIMIT_MS } };

/** The next round number that leaves room: promises that do not change with every commit. */
function promiseFor(value, room = 1.1) {
  for (let unit = 1; ; unit *= 10) for (const step of STEPS) if (step * unit >= value * room) return step * unit;
}

/** The file that a user's import or command loads. */
function entryFile({ directory, manifest }) {
  const [command] = Object.values(manifest.bin ?? {});
  const file = join(directory, command ?? 'dist/index.js');
  return manifest.private || !existsSync(file) ? undefined : file;
}

/** Bytes of the addon that the platform package brings; undefined where there is none. */
function addonBytes({ stem, manifest }) {
  if (!manifest.chunker?.limbs?.includes('binding') || !bindings().includes(stem)) return undefined;
  return statSync(addonFile(stem)).size;
}

async function measure(one) {
  const file = entryFile(one);
  const external = ['node:*', '#*', ...Object.keys({ ...one.manifest.dependencies, ...one.manifest.peerDependencies })];
  const { bytes, zipped } = await minified(file, external);
  const options = join(one.directory, 'dist/options.js');
  return {
    minified: bytes / 1000,
    gzip: zipped / 1000,
    milliseconds: (one.manifest.bin ? commandMilliseconds(file) : importMilliseconds(addressOf(file))) / slowness,
    options: existsSync(options) ? (await minified(options, external)).bytes / 1000 : undefined,
    addon: addonBytes(one) === undefined ? undefined : addonBytes(one) / 1000,
  };
}

const COLUMNS = ['minified', 'gzip', 'milliseconds', 'options', 'addon'];

function document(rows) {
  const promise = (name, column, value) => Math.min(promiseFor(value, ROOM[column]), MOST[name]?.[column] ?? Infinity);
  const lines = [...rows].map(([name, found]) => {
    const cells = COLUMNS.map((column) => (found[column] === undefined ? '–' : promise(name, column, found[column])));
    return `| \`${name}\` | ${cells.join(' | ')} |`;
  });
  return `<!-- Written by tools/size.mjs --write; checked by tools/size.mjs. Do not edit. -->

# What a package costs

At most so much: kilobytes (of 1 000 bytes) and milliseconds of CPU time. A build that exceeds a figure fails, as does one that leaves it far behind.

- **minified**, **gzip**: what \`import\` of the package brings at once with all that it takes along, without the packages it depends on, which have lines of their own.
- **import**: CPU time of that import on Node, the least of ${RUNS} (of the command: of \`chunker --version\`); Node's own start is not in it. On a slower machine, by as much as that takes longer to import a module that never changes.
- **options**: the schema of the options, minified; loaded when an algorithm is taken for the first time.
- **addon**: the native kernel of one platform, as a file; loaded when the algorithm is taken.

| package | minified, KB | gzip, KB | import, ms | options, KB | addon, KB |
|---|---|---|---|---|---|
${lines.join('\n')}
`;
}

/** The promises of the document by package. */
function promises() {
  const text = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
  const rows = text.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm);
  return new Map([...rows].map(([, name, cells]) => [name, cells.split(' | ').map((cell) => (cell === '–' ? undefined : Number(cell)))]));
}

function compare(rows) {
  const promised = promises();
  const found = [];
  for (const name of promised.keys()) if (!rows.has(name)) found.push(`${name} is promised and is no package`);
  for (const [name, values] of rows) {
    const limits = promised.get(name);
    if (limits === undefined) found.push(`${name} is not in ${relative(ROOT, DOCUMENT)}`);
    else
      for (const [at, column] of COLUMNS.entries()) {
        const [value, limit] = [values[column], limits[at]];
        if ((value === undefined) !== (limit === undefined) || value > limit) found.push(`${name}: ${column} ${value}, promised ${limit}`);
        // A time depends on the machine: a faster one breaks no promise.
        else if (column !== 'milliseconds' && limit > 3 && value < limit / 2) found.push(`${name}: ${column} ${value} is far below the promised ${limit}`);
      }
  }
  return found;
}

const rows = new Map();
say(`package                      minified     gzip   import${slowness > 1 ? `, less what this machine is slower: ${slowness.toFixed(2)} times` : ''}`);
for (const one of packages()) {
  if (entryFile(one) === undefined) continue;
  const found = await measure(one);
  rows.set(one.manifest.name, found);
  say(
    `${one.manifest.name.padEnd(26)} ${found.minified.toFixed(1).padStart(7)} KB ${found.gzip.toFixed(1).padStart(5)} KB ${found.milliseconds.toFixed(1).padStart(6)} ms`,
  );
}
const problems = [];
const core = rows.get('@chunker/core');
if (core.minified * 1000 >= LIMIT_BYTES) problems.push(`core has ${core.minified} KB minified; ${LIMIT_BYTES / 1000} is the limit`);
if (core.milliseconds >= LIMIT_MS) problems.push(`importing core takes ${core.milliseconds} ms; ${LIMIT_MS} is the limit`);
if (process.argv.includes('--write')) writeFileSync(DOCUMENT, document(rows));
else problems.push(...compare(rows));
if (problems.length > 0) fail(`${problems.join('\n  ')}\n  (node tools/size.mjs --write promises anew)`);
