import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chunker } from './command.js';
import { noise, testFolder } from './folder.js';

const folder = testFolder();
const names: string[] = [];
function file(name: string, contents: Uint8Array): void {
  writeFileSync(join(folder, name), contents);
  names.push(name);
}

// Sizes around everything that decides how a file is read or cut, repeats of other files, empty ones in a row, first, last and between.
mkdirSync(join(folder, 'a', 'b'), { recursive: true });
file('a/empty', new Uint8Array(0));
for (let i = 0; i < 300; i++) file(`${['a', 'a/b'][i % 2]}/f${i}`, i % 9 === 0 ? new Uint8Array(0) : noise((i * 37) % 9000, i % 50));
for (const size of [4095, 4096, 4097, 60_000, 262_144, 262_145, 524_288, 524_289, 1_500_000]) file(`a/s${size}`, noise(size, 7));
for (let i = 0; i < 40; i++) file(`a/m${i}`, noise(150_000 + i * 3000, i % 30));
file('a/with\nnewline', noise(50));
mkdirSync(join(folder, 'tree'));
writeFileSync(join(folder, 'tree', 'one'), noise(3000, 1));
symlinkSync('f0', join(folder, 'a', 'link'));
names.push('tree', 'a/link', '/proc/version', 'a/f8', 'a/f8');
file('a/last', new Uint8Array(0));

interface Row {
  readonly path: string;
  readonly bytes: number;
  readonly chunks: number;
  readonly kind: string;
}
const documents = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
/** The same file by a path that has to be resolved, which no batch does. */
const roundabout = (name: string) => (name.startsWith('/') ? `/proc/..${name}` : `a/../${name}`);

describe('scan of many files', () => {
  it.each([
    ['chunks of their own', []],
    ['several chunks a file', ['--chunker', 'fastcdc:min=2KiB,avg=4KiB,max=16KiB']],
    ['without a codec', ['--codec', 'none', '--hash', 'sha256']],
    ['verified', ['--verify', '--chunker', 'fixed:size=5000']],
  ])('says what one at a time says, in order: %s', async (_, options) => {
    const given = ['scan', '--each', ...options];
    const [together, each] = await Promise.all([
      chunker([...given, '--', ...names], { cwd: folder }),
      chunker([...given, '--', ...names.map(roundabout)], { cwd: folder }),
    ]);
    expect([together.stderr, together.status, each.status]).toEqual(['', 0, 0]);
    const straight = (document: { path?: string; paths?: Row[] }) => {
      const path = (row: Row) => ({ ...row, path: roundabout(row.path) });
      const {
        seconds: _,
        executor: __,
        ...rest
      } = { ...document, ...(document.paths === undefined ? {} : { paths: document.paths.map(path) }) } as Record<string, unknown>;
      return document.path === undefined ? rest : { ...rest, path: roundabout(document.path) };
    };
    const same = (document: Record<string, unknown>) => {
      const { seconds: _, executor: __, ...rest } = document;
      return rest;
    };
    expect(documents(together.text).map(straight)).toEqual(documents(each.text).map(same));
  });

  it('goes over them in few runs', async () => {
    const small = names.filter((name) => /^a\/(b\/)?f/.test(name));
    const { text } = await chunker(['scan', '--json', '--', ...small], { cwd: folder });
    const { paths, executor } = JSON.parse(text) as { paths: Row[]; executor: { jobs: number } };
    expect(paths.length).toBe(small.length);
    expect(executor.jobs).toBeLessThan(small.length / 4);
  });

  it('tells archives, standard input and what cannot be read from small files, in their places', async () => {
    const nar = (await chunker(['nar', 'pack', 'tree'], { cwd: folder })).stdout;
    file('x.nar', nar);
    writeFileSync(join(folder, '-'), 'a file of that name is not standard input');
    const list = ['a/f2', 'x.nar', 'a/f4', 'missing', '-', 'a/f6', 'a/f2/below', 'a', 'a/f8', 'a/f10'];
    const { text, stderr, status } = await chunker(['scan', '--json', '--exclude', '*', '--', ...list], { cwd: folder, input: 'from the pipe' });
    const [report, error] = documents(text);
    expect((report.paths as Row[]).map(({ path, kind }) => `${path} ${kind}`)).toEqual([
      'a/f2 file',
      'x.nar nar',
      'a/f4 file',
      '- stream',
      'a/f6 file',
      'a directory',
      'a/f8 file',
      'a/f10 file',
    ]);
    expect((report.paths as Row[])[3]?.bytes).toBe('from the pipe'.length);
    expect((report.paths as { narHash?: string }[])[1]?.narHash).toBe(`sha256-${createHash('sha256').update(nar).digest('base64')}`);
    expect(stderr.split('\n').map((line) => line.split(':', 2)[1]?.trim())).toEqual(['not_found', 'not_a_directory', undefined]);
    expect([status, error.error.code]).toEqual([1, 'partly_failed']);
  });

  it('hashes standard input for a dash, also where a file has that name', async () => {
    writeFileSync(join(folder, '-'), 'a file of that name is not standard input');
    const { text } = await chunker(['hash', '-a', 'sha256', '--', ...names.slice(0, 8), '-'], { cwd: folder, input: 'from the pipe' });
    expect(text).toContain(`${createHash('sha256').update('from the pipe').digest('hex')}  -\n`);
  });

  it('says which one a stage fails on, and scans the others', async () => {
    const core = new URL('../../core/src/index.ts', import.meta.url).href;
    mkdirSync(join(folder, 'picky'));
    writeFileSync(join(folder, 'picky', 'package.json'), '{ "name": "picky", "version": "1.0.0", "type": "module", "chunker": { "plugin": "./plugin.js" } }');
    const code = `import { defineCodec } from '${core}';
      const compress = (data) => { if (data[0] === 0x21) throw new Error('not that one'); return data.slice(); };
      export default [defineCodec({ name: 'picky', compress, decompress: (data) => data.slice() })];`;
    writeFileSync(join(folder, 'picky', 'plugin.js'), code);
    const list = Array.from({ length: 20 }, (_, i) => `picky/${i}`);
    for (const [i, name] of list.entries()) writeFileSync(join(folder, name), i === 7 ? '!' : `file ${i}`);
    const { text, stderr, status } = await chunker(['scan', '--json', '--plugin', './picky', '--codec', 'picky', '--', ...list], { cwd: folder });
    const [report, error] = documents(text);
    expect((report.paths as Row[]).map(({ path, bytes }) => [path, bytes])).toEqual(
      list.filter((_, i) => i !== 7).map((path) => [path, path.length - 'picky/'.length + 'file '.length]),
    );
    expect(stderr).toMatch(/^chunker: stage_failed: .*not that one\n$/);
    expect([status, error.error.code, error.error.details]).toEqual([1, 'partly_failed', { failed: 1 }]);
  });
});
