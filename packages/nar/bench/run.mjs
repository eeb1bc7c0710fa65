// Bundles measure.ts from the sources and runs it: node packages/nar/bench/run.mjs [FOLDER], default a folder in memory.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const outfile = fileURLToPath(new URL('../build/measure.mjs', import.meta.url));
await build({
  entryPoints: [fileURLToPath(new URL('./measure.ts', import.meta.url))],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  conditions: ['@chunker/source'],
  banner: { js: 'import { createRequire as make } from "node:module"; const require = make(import.meta.url);' },
  // The addon is found from the sources' own place.
  define: { 'import.meta.url': JSON.stringify(new URL('../../io/src/native.ts', import.meta.url).href) },
});
process.exit(spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1);
