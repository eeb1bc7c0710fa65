// `npm start [-- PATH...]`: sets up what is missing, builds, then runs the main job: `chunker scan --verify`, on this clone or on the paths given.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { bold, say } from './say.mjs';
import { setUp } from './setup.mjs';
import { ROOT } from './workspace.mjs';

// npm runs scripts in the project's root; the paths that a person gives count from where they stand.
const from = process.env.INIT_CWD ?? process.cwd();
const given = process.argv.slice(2);
const paths = given.length > 0 ? given.map((path) => (path.startsWith('-') ? path : resolve(from, path))) : [ROOT];

await setUp();
const { buildAll } = await import('./build.mjs');
await buildAll();

say(`${bold('chunker scan --verify')} ${paths.join(' ')}\n`);
const child = spawn(process.execPath, [join(ROOT, 'packages', 'cli', 'dist', 'chunker.js'), 'scan', '--verify', ...paths], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
child.on('close', (code, signal) => {
  process.exitCode = signal ? 130 : (code ?? 1);
});
