// Every system call of unpacking fails once, with each of the usual reasons: nothing may be left, and the error says what and where.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NarTree } from '../src/index.js';
import { Folder, pack } from './folder.js';

const here = import.meta.dirname;
const folder = new Folder();
beforeAll(() => {
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', folder.at('failing-calls.so'), join(here, 'fixtures/failing-calls.c'), '-ldl']);
});
afterAll(() => folder.dispose());

const file = (text: string, executable = false): NarTree => ({ kind: 'regular', contents: Buffer.from(text), executable });

test.each([
  ['native', ''],
  ['native', 'sync'],
  ['platform', ''],
  ['platform', 'sync'],
])('with the %s kernel %s', { timeout: 120_000 }, async (kernel, sync) => {
  const deep: NarTree = { kind: 'directory', entries: [['e', { kind: 'directory', entries: [['x', file('deep')]] }]] };
  const tree: NarTree = {
    kind: 'directory',
    entries: [
      ['a', file('a'.repeat(1500))],
      ['d', deep],
      ['l', { kind: 'symlink', target: 'nowhere' }],
      ['t', file('#!', true)],
    ],
  };
  writeFileSync(folder.at('archive'), await pack(tree));
  writeFileSync(folder.at('plan'), Buffer.alloc(4096));
  const work = folder.at(`work-${kernel}-${sync}`);
  mkdirSync(work);
  const sources = join(here, '../../cli/test/sources.mjs');
  const given = ['--conditions=@chunker/source', '--import', sources, join(here, 'fixtures/failing-calls.mjs'), folder.at('archive'), work, sync];
  const env = { ...process.env, LD_PRELOAD: folder.at('failing-calls.so'), FAILING_CALLS: folder.at('plan'), CHUNKER_KERNEL: kernel };
  const { stdout, stderr, status } = spawnSync(process.execPath, given, { env, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  const { failures, wrong } = JSON.parse(stdout);
  expect(wrong).toEqual([]);
  expect(failures).toBeGreaterThan(50);
});
