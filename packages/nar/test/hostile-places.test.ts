// Where trees come from and go to: masks, full disks, other file systems, and somebody who swaps directories for links.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { NarTree } from '../src/index.js';
import { Folder, openDescriptors, pack } from './folder.js';

const isRoot = process.geteuid?.() === 0;
const needsRoot = isRoot ? '' : ' (skipped: mounting needs root)';
const here = import.meta.dirname;
let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.dispose());

const file = (text: string, executable = false): NarTree => ({ kind: 'regular', contents: Buffer.from(text), executable });
const directory = (entries: Readonly<Record<string, NarTree>>): NarTree => ({ kind: 'directory', entries: Object.entries(entries) });

/** Directories `d0` to `d19` with so many files each. */
function wide(files: number, text: string): NarTree {
  const inner = () => directory(Object.fromEntries(Array.from({ length: files }, (_, i) => [`f${i}`, file(text)])));
  return directory(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`d${i}`, inner()])));
}

/** Calls `work` while another thread swaps `d0` to `d19` of a directory for links to `outside` and back. `within` is where the directories are: itself or, given a part of a name, a directory in it. */
async function whileSwapped(within: string, part: string | undefined, outside: string, work: () => Promise<void>): Promise<void> {
  const attacker = new Worker(
    `const { workerData: { within, part, outside } } = require('node:worker_threads');
     const fs = require('node:fs'); const { join } = require('node:path');
     for (;;) {
       const found = part === undefined ? '' : fs.readdirSync(within).find((name) => name.includes(part));
       if (found === undefined) continue;
       for (let i = 0; i < 20; i++) {
         const one = join(within, found, 'd' + i);
         try { fs.renameSync(one, one + '-moved'); fs.symlinkSync(outside, one); } catch {}
         try { fs.unlinkSync(one); fs.renameSync(one + '-moved', one); } catch {}
       }
     }`,
    { eval: true, workerData: { within, part, outside } },
  );
  try {
    await work();
  } finally {
    await attacker.terminate();
  }
}

describe.each(['native', 'platform'])('with the %s kernel', (kernel) => {
  beforeEach(() => {
    if (kernel === 'platform') vi.stubEnv('CHUNKER_KERNEL', 'platform');
    vi.resetModules();
  });
  afterEach(() => vi.unstubAllEnvs());

  /** Modules are loaded anew: the kernel is chosen once. */
  const nar = () => import('../src/index.js');

  async function codeOf(work: Promise<unknown>): Promise<string> {
    return work.then(
      () => 'done',
      (error) => error.code as string,
    );
  }

  test('under any mask a tree is made or nothing is left', async ({ skip }) => {
    const tree = directory({ d: directory({ e: directory({ x: file('deep') }), plain: file('a'), tool: file('b', true) }) });
    chmodSync(folder.path, 0o755);
    writeFileSync(folder.at('archive'), await pack(tree));
    mkdirSync(folder.at('place'), { mode: 0o755 });
    const ordinary = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
    if (isRoot) chownSync(folder.at('place'), 65534, 65534);
    const sources = join(here, '../../cli/test/sources.mjs');
    const script = ['--conditions=@chunker/source', '--import', sources, join(here, 'fixtures/under-masks.mjs'), folder.at('archive'), folder.at('place')];
    const [command = '', ...given] = [...ordinary, process.execPath, ...script];
    const { status, stdout, stderr } = spawnSync(command, given, { encoding: 'utf8', env: { ...process.env, CHUNKER_KERNEL: kernel } });
    if (isRoot && status !== 0) skip(stderr.includes('EACCES') && !stderr.includes('unpack'), 'an ordinary user cannot read this checkout');
    expect(status, stderr).toBe(0);
    for (const { mask, outcome, left, modes } of JSON.parse(stdout)) {
      const shown = mask.toString(8);
      expect(['done', 'permission_denied'], shown).toContain(outcome);
      expect(left, shown).toEqual(outcome === 'done' ? ['target'] : []);
      if (outcome === 'done') expect(modes, shown).toEqual([0o777 & ~mask, 0o777 & ~mask, 0o666 & ~mask, 0o777 & ~mask]);
      if ((mask & 0o700) === 0) expect(outcome, shown).toBe('done');
    }
  });

  test.skipIf(!isRoot)(`a disk that fills up is no_space, and nothing is left on it; another file system is as good as this one${needsRoot}`, async () => {
    const disk = folder.at('disk');
    const { unpackNar } = await nar();
    const many = await pack(wide(10, 'x'));
    const large = await pack(file('large '.repeat(400_000)));
    for (const [size, inodes, bytes] of [
      ['1m', 50, many],
      ['1m', 1000, large],
      ['8m', 1000, many],
      ['8m', 1000, large],
    ] as const) {
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},nr_inodes=${inodes}`, 'tmpfs', disk]);
      try {
        for (const sync of [false, true]) {
          const code = await codeOf(unpackNar(bytes, join(disk, 'target'), { sync }));
          expect(code).toBe(size === '8m' ? 'done' : 'no_space');
          expect(readdirSync(disk)).toEqual(code === 'done' ? ['target'] : []);
          if (code === 'done') expect(Buffer.compare(await pack(join(disk, 'target')), bytes)).toBe(0);
          execFileSync('rm', ['-rf', join(disk, 'target')]);
        }
      } finally {
        execFileSync('umount', [disk]);
        execFileSync('rmdir', [disk]);
      }
    }
  });

  test.skipIf(!isRoot)(`a directory that may not be written to is refused before anything is made${needsRoot}`, async () => {
    const disk = folder.at('disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', disk]);
    try {
      const { unpackNar } = await nar();
      const error = await unpackNar(await pack(file('x')), join(disk, 'target')).catch((thrown) => thrown);
      expect(error).toMatchObject({ name: 'IoError', code: 'io_error', details: { errno: 'EROFS' } });
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  test('a tree stays where its directory was, whatever takes the name of that directory', async () => {
    const { unpackNar } = await nar();
    const bytes = await pack(wide(3, 'text'));
    for (const at of [0, 1, 2]) {
      const [parent, moved, outside] = ['parent', 'moved', 'outside'].map((name) => folder.at(`${name}-${at}`)) as [string, string, string];
      mkdirSync(parent);
      mkdirSync(outside);
      async function* pieces() {
        for (let piece = 0; piece < 3; piece++) {
          if (piece === at) {
            renameSync(parent, moved);
            symlinkSync(outside, parent);
          }
          yield bytes.subarray((piece * bytes.length) / 3, ((piece + 1) * bytes.length) / 3);
        }
      }
      expect(await codeOf(unpackNar(pieces(), join(parent, 'target'), { windowBytes: 500 }))).toBe('done');
      expect([readdirSync(outside), readdirSync(moved)]).toEqual([[], ['target']]);
      expect(Buffer.compare(await pack(join(moved, 'target')), bytes)).toBe(0);
    }
    expect(openDescriptors(folder)).toEqual([]);
  });

  test('somebody who swaps directories for links while they are packed has nothing from elsewhere put into the archive', async () => {
    const { narStream, unpackNar } = await nar();
    await unpackNar(await pack(wide(40, 'contents')), folder.at('tree'));
    await unpackNar(await pack(directory(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, file('S3CR3T!!')])))), folder.at('outside'));
    const outcomes = new Set<string>();
    await whileSwapped(folder.at('tree'), undefined, folder.at('outside'), async () => {
      const [least, most] = [Date.now() + 1000, Date.now() + 120_000];
      while (Date.now() < least || (outcomes.size < 2 && Date.now() < most)) {
        const packing = (async () => {
          const pieces: Buffer[] = [];
          for await (const piece of narStream(folder.at('tree'), { windowBytes: 4096 })) pieces.push(Buffer.from(piece));
          return Buffer.concat(pieces);
        })();
        outcomes.add(await codeOf(packing));
        await packing.then(
          (archive) => expect(archive.includes('S3CR3T!!')).toBe(false),
          () => {},
        );
      }
    });
    expect([...outcomes].filter((code) => !['done', 'file_changed', 'not_found', 'not_a_directory', 'symlink_refused'].includes(code))).toEqual([]);
    expect(outcomes.size, [...outcomes].join()).toBeGreaterThan(1);
    expect(openDescriptors(folder)).toEqual([]);
  });

  test('somebody who swaps directories for links while they are made has nothing made elsewhere', async ({ skip }) => {
    skip(kernel === 'platform' && process.platform !== 'linux', 'without native code only Linux has handles on directories');
    const { unpackNar } = await nar();
    const bytes = await pack(wide(40, 'contents'));
    mkdirSync(folder.at('outside'));
    const outcomes = new Set<string>();
    const isDisturbed = () => [...outcomes].some((code) => code !== 'done');
    await whileSwapped(folder.path, '.target.tmp-', folder.at('outside'), async () => {
      const [least, most] = [Date.now() + 1000, Date.now() + 120_000];
      for (let round = 0; Date.now() < least || (!isDisturbed() && Date.now() < most); round++) {
        const code = await codeOf(unpackNar(bytes, folder.at('target'), { windowBytes: 8192 }));
        outcomes.add(code);
        expect(existsSync(folder.at('target'))).toBe(code === 'done');
        if (code === 'done') renameSync(folder.at('target'), folder.at(`done-${round}`));
      }
    });
    expect(readdirSync(folder.at('outside'))).toEqual([]);
    expect(isDisturbed(), [...outcomes].join()).toBe(true);
  });
});
