import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isNar, type NarEntry, type NarTree, narStream, verifyNar } from '../src/index.js';
import { Folder, haveNix, nixDump, openDescriptors, pack, packInWindows } from './folder.js';
import { materialise, type Node, readNar } from './reader.js';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.dispose());

/** Odd names, all kinds, empty things, sizes around the padding and around windows. */
function oddTree(root: string): void {
  const name = (bytes: readonly number[]) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(bytes)]);
  mkdirSync(`${root}/directory/nested/empty`, { recursive: true });
  for (let size = 0; size < 20; size++) writeFileSync(`${root}/directory/${size}`, Buffer.alloc(size, size));
  for (const size of [4095, 65_536, 1 << 20, (1 << 20) + 1, 3_000_003]) writeFileSync(`${root}/large${size}`, Buffer.alloc(size, size % 251));
  for (const text of ['a-b', 'a.b', 'a!', 'new\nline', '😀', '～', '__proto__', '(', 'n'.repeat(255)]) writeFileSync(`${root}/${text}`, text);
  for (const bytes of [[0xff], [0x80], [0xc3, 0x28], [0xed, 0xa0, 0x80]]) writeFileSync(name(bytes), 'x');
  mkdirSync(`${root}/a`);
  writeFileSync(`${root}/a/x`, 'before a-b, because the directory is');
  for (const [mode, file] of [
    [0o755, 'all'],
    [0o100, 'owner'],
    [0o677, 'others'],
    [0o644, 'none'],
    [0o4755, 'setuid'],
  ] as const) {
    writeFileSync(`${root}/mode-${file}`, '#!');
    chmodSync(`${root}/mode-${file}`, mode);
  }
  writeFileSync(`${root}/empty-tool`, '', { mode: 0o755 });
  for (const [target, link] of [
    ['nowhere', 'dangling'],
    ['loop', 'loop'],
    ['../..', 'up'],
    ['directory', 'inside'],
    ['t'.repeat(4095), 'long'],
  ] as const) {
    symlinkSync(target, `${root}/link-${link}`);
  }
  symlinkSync(Buffer.from([0xff, 0xfe]), `${root}/link-odd`);
  linkSync(`${root}/directory/7`, `${root}/hard-link`);
  writeFileSync(`${root}/sparse`, '');
  truncateSync(`${root}/sparse`, 10_000_000);
}

describe.skipIf(!haveNix)('nix-store --dump gives the same bytes', () => {
  test('of an odd tree, in windows of any size', async () => {
    oddTree(folder.path);
    const expected = nixDump(folder.path);
    expect(Buffer.compare(await pack(folder.path), expected)).toBe(0);
    for (const [size, atOnce] of [
      [1 << 16, 5],
      [100_003, 1],
      [4 << 20, 3],
      [expected.length, 2],
      [expected.length + 1, 1],
    ] as const) {
      expect(Buffer.compare(await packInWindows(folder.path, size, atOnce), expected), `windows of ${size}`).toBe(0);
    }
  });

  test('of a small tree, in windows of a few bytes', async () => {
    mkdirSync(folder.at('d/e'), { recursive: true });
    writeFileSync(folder.at('d/file'), '0123456789abcdef0');
    symlinkSync('target', folder.at('link'));
    const expected = nixDump(folder.path);
    for (const size of [1, 2, 7, 8, 9, 63, 64, 65, 100]) {
      expect(Buffer.compare(await packInWindows(folder.path, size, 3), expected), `windows of ${size}`).toBe(0);
    }
  });

  test.each(['file', 'tool', 'link', 'empty', 'directory'])('of a root that is a %s', async (kind) => {
    writeFileSync(folder.at('file'), 'some bytes');
    writeFileSync(folder.at('tool'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(folder.at('empty'), '');
    symlinkSync('nowhere', folder.at('link'));
    mkdirSync(folder.at('directory'));
    const expected = nixDump(folder.at(kind));
    expect(await pack(folder.at(kind))).toEqual(expected);
    expect(isNar(expected)).toBe(true);
  });

  test('of 64 levels; 65 are refused, unless allowed', async () => {
    mkdirSync(folder.at(...Array(62).fill('d')), { recursive: true });
    writeFileSync(folder.at(...Array(62).fill('d'), 'level-64'), 'x');
    expect(await pack(folder.path)).toEqual(nixDump(folder.path));
    mkdirSync(folder.at(...Array(64).fill('d')), { recursive: true });
    await expect(pack(folder.path)).rejects.toMatchObject({ name: 'NarError', code: 'too_deep', details: { path: Array(64).fill('d').join('/'), limit: 64 } });
    expect(await pack(folder.path, { maxDepth: 65 })).toEqual(nixDump(folder.path));
  });

  test('of a directory of many files', async () => {
    for (let i = 0; i < 5000; i++) writeFileSync(folder.at(`f${i}`), String(i));
    expect(Buffer.compare(await pack(folder.path, { windowBytes: 65_536 }), nixDump(folder.path))).toBe(0);
  });

  test.each(['/usr/share/doc', '/usr/lib/node_modules', '/usr/include'])('of %s', async (path) => {
    const hash = createHash('sha256');
    for await (const piece of narStream(path)) hash.update(piece);
    const expected = execFileSync('sh', ['-c', 'nix-store --dump "$1" 2>/dev/null | sha256sum', 'sh', path], { encoding: 'utf8' });
    expect(hash.digest('hex')).toBe(expected.slice(0, 64));
  });
});

describe('the published vectors', async () => {
  const { existsSync, readFileSync } = await import('node:fs');
  const root = resolve(process.env.CHUNKER_VECTORS ?? '../shared/vectors', 'nar');
  const there = existsSync(root);
  if (!there && process.env.CI === 'true') throw new Error(`no vectors at ${root}, which CI must have`);
  interface Entry {
    path?: string;
    pathHex?: string;
    type: string;
    size?: number;
    executable?: boolean;
    narOffset?: number;
    target?: string;
    targetHex?: string;
  }
  const cases: { file: string; expect: string; entries?: Entry[] }[] = there ? JSON.parse(readFileSync(`${root}/vectors.json`, 'utf8')).cases : [];
  const good = cases.filter((one) => one.expect === 'accept');

  test.skipIf(!there)('are all here', () => {
    expect(good.length).toBeGreaterThanOrEqual(17);
  });

  test.each(good)('$file from its tree on disk and in memory', async ({ file, entries }) => {
    const archive = readFileSync(`${root}/${file}`);
    const tree = readNar(archive);
    expect(await pack(tree)).toEqual(archive);
    const path = Buffer.from(folder.at('tree'));
    materialise(tree, path);
    const told: NarEntry[] = [];
    expect(await pack(path, { onEntry: (entry) => told.push(entry) })).toEqual(archive);
    if (entries === undefined) return;
    const hex = (text: string | undefined, bytes: string | undefined) => bytes ?? Buffer.from(text ?? '').toString('hex');
    expect(
      told.map((e) => [Buffer.from(e.path).toString('hex'), e.kind, e.size, e.executable, e.narOffset, Buffer.from(e.target ?? []).toString('hex')]),
    ).toEqual(entries.map((e) => [hex(e.path, e.pathHex), e.type, e.size ?? 0, e.executable ?? false, e.narOffset, hex(e.target, e.targetHex)]));
  });
});

describe('described trees', () => {
  const name = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
    fc.constantFrom('a', 'a.b', 'a-b', 'A', '😀', '～').map((text) => new Uint8Array(Buffer.from(text))),
  );
  const valid = (bytes: Uint8Array) => !bytes.includes(0) && !bytes.includes(0x2f) && !['.', '..'].includes(Buffer.from(bytes).toString('latin1'));
  const { node } = fc.letrec<{ node: Node }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.record({ kind: fc.constant('regular' as const), contents: fc.uint8Array({ maxLength: 100 }).map((b) => Buffer.from(b)), executable: fc.boolean() }),
      fc.record({
        kind: fc.constant('symlink' as const),
        target: fc
          .uint8Array({ minLength: 1, maxLength: 40 })
          .filter((b) => !b.includes(0))
          .map((b) => Buffer.from(b)),
      }),
      fc.record({
        kind: fc.constant('directory' as const),
        entries: fc.uniqueArray(
          fc.tuple(
            name.filter(valid).map((b) => Buffer.from(b)),
            tie('node'),
          ),
          { maxLength: 6, selector: ([n]) => n.toString('hex') },
        ),
      }),
    ),
  }));
  const canonical = (one: Node): Node =>
    one.kind === 'directory'
      ? { kind: 'directory', entries: one.entries.map(([n, child]) => [n, canonical(child)] as [Buffer, Node]).sort(([a], [b]) => Buffer.compare(a, b)) }
      : one;

  test('are read back as they were, and equal the tree on disk', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(node, fc.integer({ min: 1, max: 400 }), async (tree, size) => {
        const archive = await pack(tree);
        expect(readNar(archive)).toEqual(canonical(tree));
        expect(await packInWindows(tree, size, 2)).toEqual(archive);
        const path = Buffer.from(folder.at(`round${round++}`));
        materialise(tree, path);
        expect(await pack(path)).toEqual(archive);
      }),
      { numRuns: 60 },
    );
  });

  const file: NarTree = { kind: 'regular', contents: new Uint8Array(0) };
  const directory = (...entries: [string, NarTree][]): NarTree => ({ kind: 'directory', entries });
  test.each<[string, string, NarTree]>([
    ['invalid_name', '', directory(['', file])],
    ['invalid_name', 'd/.', directory(['d', directory(['.', file])])],
    ['invalid_name', '..', directory(['..', file])],
    ['invalid_name', 'a/b', directory(['a/b', file])],
    ['invalid_name', 'a\\x00', directory(['a\0', file])],
    ['name_too_long', 'n'.repeat(256), directory(['n'.repeat(256), file])],
    ['duplicate_entry', 'a', directory(['a', file], ['b', file], ['a', directory()])],
    ['invalid_target', 'l', directory(['l', { kind: 'symlink', target: '' }])],
    ['invalid_target', '', { kind: 'symlink', target: 'a\0b' }],
    ['target_too_long', '', { kind: 'symlink', target: 't'.repeat(4096) }],
  ])('%s at %j', async (code, path, tree) => {
    await expect(pack(tree)).rejects.toMatchObject({ name: 'NarError', code, details: { path } });
  });

  test('are no deeper than the limit, and need no stack', async () => {
    const nested = (levels: number) => {
      let tree: NarTree = file;
      for (let i = 1; i < levels; i++) tree = directory(['d', tree]);
      return tree;
    };
    expect(readNar(await pack(nested(64))).kind).toBe('directory');
    await expect(pack(nested(65))).rejects.toMatchObject({ code: 'too_deep', details: { limit: 64 } });
    expect((await pack(nested(20_000), { maxDepth: 20_000 })).length).toBeGreaterThan(2_000_000);
  });
});

test('a NAR is told by its first 21 bytes; what is wrong behind them the parser says', async () => {
  const archive = await pack({ kind: 'regular', contents: new Uint8Array(3) });
  expect(isNar(archive.subarray(0, 21))).toBe(true);
  expect(isNar(archive.subarray(0, 20))).toBe(false);
  for (let i = 0; i < 24; i++) {
    const other = Buffer.from(archive);
    other[i] = (other[i] as number) ^ 1;
    expect(isNar(other)).toBe(i >= 21);
    await expect(verifyNar(other)).rejects.toMatchObject(i < 21 ? { code: 'bad_magic' } : { code: 'non_zero_padding', details: { offset: i } });
  }
});

test('nothing stays open after an archive', async () => {
  oddTree(folder.path);
  await pack(folder.path);
  expect(openDescriptors(folder)).toEqual([]);
});
