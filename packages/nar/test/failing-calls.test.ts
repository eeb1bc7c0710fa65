// Every system call of reading and unpacking fails once, with each of the usual reasons: the error says what and where, what is read is right or nothing, and nothing is left of what was to be made.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Folder, pack } from './folder.js';

const here = import.meta.dirname;
const folder = new Folder();
beforeAll(async () => {
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', folder.at('failing-calls.so'), join(here, 'fixtures/failing-calls.c'), '-ldl']);
  mkdirSync(folder.at('tree', 'd', 'e'), { recursive: true });
  writeFileSync(folder.at('tree', 'a'), 'a'.repeat(1500));
  writeFileSync(folder.at('tree', 'd', 'e', 'x'), 'deep');
  symlinkSync('nowhere', folder.at('tree', 'l'));
  writeFileSync(folder.at('tree', 't'), '#!');
  chmodSync(folder.at('tree', 't'), 0o755);
  writeFileSync(folder.at('archive'), await pack(folder.at('tree')));
  writeFileSync(folder.at('archive-of-file'), await pack(folder.at('tree', 't')));
  writeFileSync(folder.at('archive-of-link'), await pack(folder.at('tree', 'l')));
});
afterAll(() => folder.dispose());

let runs = 0;

/** Runs the fixture with a kernel; `output` is undefined where it was killed. */
async function run(kernel: string, work: string, place: string, sync = ''): Promise<{ failures: number; wrong: string[]; calls: number } | undefined> {
  const plan = folder.at(`plan-${runs++}`);
  writeFileSync(plan, Buffer.alloc(4096));
  const sources = join(here, '../../cli/test/sources.mjs');
  const given = ['--conditions=@chunker/source', '--import', sources, join(here, 'fixtures/failing-calls.mjs'), work, folder.at('archive'), place, sync];
  const env = { ...process.env, LD_PRELOAD: folder.at('failing-calls.so'), FAILING_CALLS: plan, CHUNKER_KERNEL: kernel };
  const child = spawn(process.execPath, given, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, complaint] = ['', ''];
  child.stdout.on('data', (piece) => {
    output += piece;
  });
  child.stderr.on('data', (piece) => {
    complaint += piece;
  });
  const status = await new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  if (status === 'SIGKILL') return undefined;
  expect(status, complaint).toBe(0);
  return JSON.parse(output);
}

describe.each(['native', 'platform'])('with the %s kernel', (kernel) => {
  test('reading and packing', async () => {
    const outcome = await run(kernel, 'read', folder.path);
    expect(outcome?.wrong).toEqual([]);
    expect(outcome?.failures).toBeGreaterThan(50);
  });

  test.each(['', 'sync'])('unpacking %s', async (sync) => {
    const place = folder.at(`work-${kernel}-${sync}`);
    const outcome = await run(kernel, 'unpack', place, sync);
    expect(outcome?.wrong).toEqual([]);
    expect(outcome?.failures).toBeGreaterThan(50);
  });

  test('a process that is killed at any call has made nothing under the name, or all', async () => {
    const archive = await pack(folder.at('tree'));
    // A run that comes to its end tells how many calls there are; the last ones publish the tree.
    const calls = (await countedRun(kernel)) as number;
    const moments = [1, Math.floor(calls / 2), calls - 3, calls - 2, calls - 1];
    const found = new Set<string>();
    await Promise.all(
      [0, 1].map(async (lane) => {
        for (const [index, moment] of moments.entries()) {
          if (index % 2 !== lane) continue;
          const place = folder.at(`killed-${kernel}-${moment}`);
          mkdirSync(place);
          const survived = await run(kernel, String(moment), place, 'sync');
          // Threads may come by with a call less this time: then the last one is past the end, and all is there.
          if (survived !== undefined) expect([survived.calls <= moment, readdirSync(place)], `after ${moment} of ${calls}`).toEqual([true, ['target']]);
          for (const name of readdirSync(place)) {
            found.add(name === 'target' ? 'all' : 'temporary');
            if (name === 'target') expect(Buffer.compare(await pack(join(place, name)), archive)).toBe(0);
            else expect(name).toMatch(/^\.target\.tmp-[0-9a-f]{12}$/);
          }
        }
      }),
    );
    expect(found).toContain('temporary');
  });
});

test('writing a file', async () => {
  const outcome = await run('platform', 'write', folder.at('written'));
  expect(outcome?.wrong).toEqual([]);
  expect(outcome?.failures).toBeGreaterThan(50);
});

/** Calls of one unpacking that is not killed. */
async function countedRun(kernel: string): Promise<number | undefined> {
  const place = folder.at(`counted-${kernel}`);
  mkdirSync(place);
  return (await run(kernel, '1000000', place, 'sync'))?.calls;
}
