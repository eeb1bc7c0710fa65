import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compareBytes, displayPath, openTree, type Tree, type WalkEntry, type WalkOptions } from '../src/index.js';
import { asNobody, Folder, kernels, ODD_NAMES, oddTree, openDescriptors } from './folder.js';

async function entries(tree: Tree, options?: WalkOptions): Promise<WalkEntry[]> {
  const all: WalkEntry[] = [];
  for await (const batch of tree.walk(options)) all.push(...batch);
  return all;
}

const paths = (list: readonly WalkEntry[]) => list.map((entry) => displayPath(entry.path));

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.dispose());

test('the native kernel is the one that serves', async () => {
  expect((await kernels()).map(({ name }) => name)).toEqual(['native', 'platform']);
});

describe.each(await kernels())('a walk on the $name kernel', ({ kernel }) => {
  const walked = async (path: string, options?: WalkOptions) => {
    const tree = await openTree(path, { kernel });
    try {
      return await entries(tree, options);
    } finally {
      await tree.close();
    }
  };

  test('goes depth first in byte order, with the facts of each entry', async () => {
    oddTree(folder);
    const all = await walked(folder.path);
    expect(all[0]).toMatchObject({ depth: 0, kind: 'directory', name: new Uint8Array(0), path: new Uint8Array(0) });
    // Component by component: bytes of paths with the slash as the lowest of all.
    const keys = all.map(({ path }) => Buffer.from(path).toString('latin1').replaceAll('/', '\0'));
    expect(keys).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'))));
    const top = all.filter(({ depth }) => depth === 1).map(({ name }) => Buffer.from(name).toString('hex'));
    for (const name of ODD_NAMES) expect(top).toContain(name.toString('hex'));
    const found = execFileSync('find', [folder.path, '-printf', '%y %m %s %P\\0'], { encoding: 'latin1' }).split('\0').filter(Boolean);
    const letters = { regular: 'f', directory: 'd', symlink: 'l' } as Record<string, string>;
    const told = all.map(
      ({ kind, facts, size, path }) => `${letters[kind]} ${(facts.mode & 0o7777).toString(8)} ${size} ${Buffer.from(path).toString('latin1')}`,
    );
    expect(told.sort()).toEqual(found.sort());
    for (const entry of all) expect(entry.executable).toBe((entry.facts.mode & 0o100) !== 0);
    const targets = Object.fromEntries(all.flatMap((e) => (e.target === undefined ? [] : [[displayPath(e.path), displayPath(e.target)]])));
    expect(targets).toMatchObject({ dangling: 'nowhere', loop: 'loop', link: 'directory', 'odd-target': '\\xff/\\xfe' });
    expect(targets['long-target']).toHaveLength(4095);
  });

  test('the root may be a file or a link', async () => {
    writeFileSync(folder.at('file'), 'four');
    symlinkSync('file', folder.at('link'));
    expect(await walked(folder.at('file'))).toMatchObject([{ kind: 'regular', size: 4, depth: 0 }]);
    expect(await walked(folder.at('link'))).toMatchObject([{ kind: 'symlink', target: new Uint8Array(Buffer.from('file')) }]);
    await expect(walked(folder.at('missing'))).rejects.toMatchObject({
      name: 'IoError',
      code: 'not_found',
      details: { path: folder.at('missing'), errno: 'ENOENT' },
    });
    await expect(walked(folder.at('file', 'below'))).rejects.toMatchObject({ code: 'not_a_directory' });
    await expect(walked(folder.at('n'.repeat(256)))).rejects.toMatchObject({ code: 'name_too_long' });
    await expect(walked('nul\0')).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('tells sockets and fifos', async () => {
    execFileSync('mkfifo', [folder.at('fifo')]);
    const server = createServer().listen(folder.at('socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect((await walked(folder.path)).map(({ kind }) => kind)).toEqual(['directory', 'fifo', 'socket']);
    await new Promise((resolve) => server.close(resolve));
  });

  test('leaves out what globs exclude and does not enter it', async () => {
    mkdirSync(folder.at('src', 'build', 'deep'), { recursive: true });
    mkdirSync(folder.at('build'));
    for (const name of ['src/a.o', 'src/a.c', 'src/.hidden.o', 'build/x', 'src/build/y']) writeFileSync(folder.at(name), '');
    chmodSync(folder.at('src', 'build'), 0);
    const exclude = (...globs: string[]) => asNobody(async () => paths(await walked(folder.path, { exclude: globs })));
    chmodSync(folder.path, 0o755);
    expect(await exclude('*.o', 'build')).toEqual(['', 'src', 'src/a.c']);
    for (const empty of ['', '/']) await expect(exclude(empty)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(await exclude('/build', 'src/build/', '**/*.c')).toEqual(['', 'src', 'src/.hidden.o', 'src/a.o']);
  });

  test('stays on one file system when asked', async () => {
    // Others come and go in /dev meanwhile.
    const options = { exclude: ['/shm'], onError: ({ code }: { code: string }) => (code === 'not_found' ? ('skip' as const) : undefined) };
    const mounts = new Set((await walked('/dev', { ...options, oneFileSystem: true })).map(({ path }) => displayPath(path)));
    expect(mounts).toContain('pts');
    expect([...mounts].filter((path) => path.startsWith('pts/'))).toEqual([]);
    const all = paths(await walked('/dev', options));
    expect(all.filter((path) => path.startsWith('pts/'))).not.toEqual([]);
  });

  test('ends with what may not be read, or leaves it out', async () => {
    mkdirSync(folder.at('locked'));
    mkdirSync(folder.at('open'));
    for (const name of ['closed', 'open/fine', 'open/closed', 'zlast']) writeFileSync(folder.at(name), 'x');
    chmodSync(folder.path, 0o755);
    for (const name of ['closed', 'open/closed', 'locked']) chmodSync(folder.at(name), 0);
    await expect(asNobody(() => walked(folder.path))).rejects.toMatchObject({
      code: 'permission_denied',
      details: { path: folder.at('locked'), errno: 'EACCES' },
    });
    const skipped: string[] = [];
    const onError = (error: { code: string; details: unknown }) => {
      skipped.push(`${error.code} ${relative(folder.path, (error.details as { path: string }).path)}`);
      return 'skip' as const;
    };
    expect(paths(await asNobody(() => walked(folder.path, { onError })))).toEqual(['', 'open', 'open/fine', 'zlast']);
    expect(skipped).toEqual(['permission_denied closed', 'permission_denied locked', 'permission_denied open/closed']);
    await expect(asNobody(() => walked(folder.path, { onError: () => undefined }))).rejects.toMatchObject({ code: 'permission_denied' });
  });

  test('aborts with the reason and leaves nothing open', async () => {
    oddTree(folder);
    const tree = await openTree(folder.path, { kernel });
    const abort = new AbortController();
    const reason = new Error('enough');
    const cursor = tree.cursor({ signal: abort.signal });
    await cursor.advance();
    abort.abort(reason);
    await expect((async () => cursor.advance())()).rejects.toBe(reason);
    await tree.close();
    await tree.close();
    expect(openDescriptors(folder)).toEqual([]);
  });

  test('is as deep as the file system', async () => {
    const depth = kernel.kind === 'native' ? 2500 : 1000;
    execFileSync('python3', ['-c', `import os,sys\nos.chdir(sys.argv[1])\nfor i in range(${depth}): os.mkdir('d'); os.chdir('d')`, folder.path]);
    const all = await walked(folder.path);
    expect(all).toHaveLength(depth + 1);
    expect(all.at(-1)).toMatchObject({ depth, path: { length: depth * 2 - 1 } });
  });
});

test('both kernels say the same of a real tree', async () => {
  const [native, platform] = await kernels();
  const told = async (kernel: (typeof native)['kernel']) => {
    const tree = await openTree('/usr/share/doc', { kernel });
    const all = await entries(tree);
    await tree.close();
    return all;
  };
  const [a, b] = [await told(native.kernel), await told(platform.kernel)];
  expect(a.length).toBeGreaterThan(500);
  expect(a).toEqual(b);
});

test('bytes are compared unsigned, prefixes first', () => {
  const sorted = [...ODD_NAMES].sort(compareBytes);
  expect(sorted).toEqual([...ODD_NAMES].sort(Buffer.compare));
  expect(compareBytes(Buffer.from('a'), Buffer.from('a'))).toBe(0);
});

test('paths for people show bytes that are no text, and control characters, escaped', () => {
  expect(displayPath('plain/é\\x')).toBe('plain/é\\x');
  expect(displayPath(Buffer.from([0x61, 0xff, 0x5c, 0x62]))).toBe('a\\xff\\\\b');
  expect(displayPath('a\x1b[31m\n')).toBe('a\\x1b[31m\\x0a');
});
