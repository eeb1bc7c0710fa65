import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ENTRIES = { zstd: 'codec-zstd', xz: 'codec-xz', lzma: 'codec-xz' } as const;
const packages = fileURLToPath(new URL('../../', import.meta.url));
const fixture = fileURLToPath(new URL('fixtures/terminate.mjs', import.meta.url));

/** How many workers: so many, or what CHUNKER_TEST_WORKERS says, for hundreds of them. */
export const workersOf = (few: number): number => Number(process.env.CHUNKER_TEST_WORKERS ?? few);

/** What the process says that terminated its workers, and how it ended: fixtures/terminate.mjs. */
export interface Terminated {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly said: { readonly ended: number; readonly worst: number; readonly same: boolean } | undefined;
}

/** Terminates workers in mid-job, in a process of its own that may die of it. */
export async function terminateWorkers(name: keyof typeof ENTRIES, options: object, workers: number): Promise<Terminated> {
  const folder = join(packages, ENTRIES[name]);
  // Inside the package, where its addon is found from; git does not see it.
  const outdir = join(folder, 'node_modules', '.cache', `terminated-${process.pid}-${name}`);
  const contents = `export { configure } from '@chunker/core'; export * from '${join(folder, 'src/index.ts')}';`;
  const conditions = ['@chunker/source'];
  const bundle = join(outdir, 'codec.js');
  try {
    await build({
      stdin: { contents, resolveDir: folder, sourcefile: 'codec.ts' },
      outfile: bundle,
      bundle: true,
      format: 'esm',
      platform: 'node',
      conditions,
    });
    return await new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [fixture, bundle, name, JSON.stringify(options), String(workers)],
        { timeout: 280_000 },
        (_error, stdout, stderr) => {
          const line = stdout.split('\n').find((one) => one.startsWith('{'));
          resolve({ code: child.exitCode, signal: child.signalCode, stderr, said: line === undefined ? undefined : JSON.parse(line) });
        },
      );
    });
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
