// What importing each package costs: minified bytes of its `.` with everything that comes along, and CPU time of the import. Core's limits are enforced: 80 KB and 30 ms.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { fail, say } from './say.mjs';
import { packages } from './workspace.mjs';

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

function importMilliseconds(file) {
  const program = `const before = process.cpuUsage(); await import(${JSON.stringify(pathToFileURL(file).href)}); const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000);`;
  const times = Array.from({ length: RUNS }, () => Number(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })));
  return Math.min(...times);
}

const problems = [];
say('package                      minified     gzip   import');
for (const { directory, manifest } of packages()) {
  const file = join(directory, 'dist/index.js');
  if (!existsSync(file) || manifest.private) continue;
  const external = ['node:*', '#*', ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })];
  const { bytes, zipped } = await minified(file, external);
  const milliseconds = importMilliseconds(file);
  say(`${manifest.name.padEnd(26)} ${String(bytes).padStart(8)} B ${String(zipped).padStart(6)} B ${milliseconds.toFixed(1).padStart(6)} ms`);
  if (manifest.name !== '@chunker/core') continue;
  if (bytes >= LIMIT_BYTES) problems.push(`core has ${bytes} bytes minified; ${LIMIT_BYTES} is the limit`);
  if (milliseconds >= LIMIT_MS) problems.push(`importing core takes ${milliseconds} ms; ${LIMIT_MS} is the limit`);
}
if (problems.length > 0) fail(problems.join('\n'));
