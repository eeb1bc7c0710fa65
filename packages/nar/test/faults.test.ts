import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { narStream, packNar } from '../src/index.js';
import { Folder, openDescriptors, pack } from './folder.js';
import { readNar } from './reader.js';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.dispose());

async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  chmodSync(folder.path, 0o755);
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

test('what no archive can hold is refused by name', async () => {
  mkdirSync(folder.at('d'));
  execFileSync('mkfifo', [folder.at('d', 'fifo')]);
  await expect(pack(folder.path)).rejects.toMatchObject({ name: 'NarError', code: 'unsupported_file_type', details: { path: 'd/fifo', type: 'fifo' } });
  const named = `unsupported_file_type: ${folder.at('d', 'fifo')} is a fifo, which no archive can hold`;
  for (const from of [folder.path, folder.at('d'), folder.at('d', 'fifo')]) await expect(pack(from)).rejects.toMatchObject({ message: named });
  await expect(pack('/dev/null')).rejects.toMatchObject({ code: 'unsupported_file_type', details: { type: 'character_device' } });
  const server = createServer().listen(folder.at('socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  await expect(pack(folder.at('socket'))).rejects.toMatchObject({ code: 'unsupported_file_type', details: { type: 'socket' } });
  await new Promise((resolve) => server.close(resolve));
  await expect(pack(folder.at('missing'))).rejects.toMatchObject({ name: 'IoError', code: 'not_found' });
  expect(openDescriptors(folder)).toEqual([]);
});

test('an unreadable file ends the archive, or is left out', async () => {
  for (const name of ['a', 'closed', 'z']) writeFileSync(folder.at(name), name);
  chmodSync(folder.at('closed'), 0);
  await expect(asNobody(() => pack(folder.path))).rejects.toMatchObject({
    code: 'permission_denied',
    details: { path: folder.at('closed'), syscall: 'open', errno: 'EACCES' },
  });
  const archive = await asNobody(() => pack(folder.path, { onError: ({ code }) => (code === 'permission_denied' ? 'skip' : undefined) }));
  const tree = readNar(archive);
  expect(tree.kind === 'directory' && tree.entries.map(([name]) => name.toString())).toEqual(['a', 'z']);
});

test('exclusions leave entries out', async () => {
  mkdirSync(folder.at('build'));
  for (const name of ['build/x', 'keep', 'drop.o']) writeFileSync(folder.at(name), '');
  const tree = readNar(await pack(folder.path, { exclude: ['build', '*.o'] }));
  expect(tree.kind === 'directory' && tree.entries.map(([name]) => name.toString())).toEqual(['keep']);
});

describe('a tree that changes while it is packed is an error', () => {
  test.each<[string, string, () => void]>([
    ['grows', 'file_changed', () => appendFileSync(folder.at('large'), 'more')],
    ['shrinks', 'file_changed', () => truncateSync(folder.at('large'), 3_000_000)],
    ['is rewritten', 'file_changed', () => writeFileSync(folder.at('large'), Buffer.alloc(4_000_000, 7))],
    ['is replaced', 'file_changed', () => void [writeFileSync(folder.at('new'), Buffer.alloc(4_000_000)), renameSync(folder.at('new'), folder.at('large'))]],
    ['vanishes', 'not_found', () => renameSync(folder.at('large'), folder.at('moved'))],
    ['becomes a link', 'symlink_refused', () => void [renameSync(folder.at('large'), folder.at('moved')), symlinkSync('moved', folder.at('large'))]],
  ])('when a file %s', async (_, code, change) => {
    writeFileSync(folder.at('large'), Buffer.alloc(4_000_000, 1));
    execFileSync('touch', ['-d', '2001-01-01', folder.at('large')]);
    const packer = await packNar(folder.path);
    const window = new Uint8Array(1_000_000);
    expect(await packer.fill(window)).toBe(1_000_000);
    change();
    await expect(packer.fill(window)).rejects.toMatchObject({ code, details: { path: folder.at('large') } });
    // Nothing follows a failure: the archive would not be one.
    await expect(packer.fill(window)).rejects.toMatchObject({ code });
    await packer.close();
    expect(openDescriptors(folder)).toEqual([]);
  });
});

describe('a stream', () => {
  const filled = (pieces: number) => writeFileSync(folder.at('file'), Buffer.alloc(pieces * 65_536, 9));

  test('hands out views that are valid until the next pull and empty afterwards', async () => {
    filled(10);
    const kept: Uint8Array[] = [];
    for await (const piece of narStream(folder.path, { windowBytes: 65_536 })) {
      expect(piece.length).toBeGreaterThan(0);
      kept.push(piece);
    }
    expect(kept.length).toBe(11);
    for (const piece of kept) expect(piece.length).toBe(0);
  });

  test('closes everything when the loop is left, at an abort and after an error', async () => {
    filled(50);
    for await (const piece of narStream(folder.path, { windowBytes: 65_536 })) if (piece.length > 0) break;
    expect(openDescriptors(folder)).toEqual([]);
    const abort = new AbortController();
    const reason = new Error('enough');
    const all = async () => {
      for await (const piece of narStream(folder.path, { windowBytes: 65_536, signal: abort.signal })) if (piece.length > 0) abort.abort(reason);
    };
    await expect(all()).rejects.toBe(reason);
    await expect(all()).rejects.toBe(reason);
    expect(openDescriptors(folder)).toEqual([]);
    const failed = async () => {
      for await (const piece of narStream(folder.path, { windowBytes: 65_536 })) if (piece.length > 0) truncateSync(folder.at('file'), 0);
    };
    await expect(failed()).rejects.toMatchObject({ code: 'file_changed' });
    expect(openDescriptors(folder)).toEqual([]);
  });

  test('refuses windows that are none', async () => {
    for (const windowBytes of [0, -1, 1.5, Number.NaN]) {
      await expect(pack(folder.path, { windowBytes })).rejects.toMatchObject({ code: 'invalid_input', details: { name: 'windowBytes' } });
    }
    await expect(pack(folder.path, { windows: 0 })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('memory does not grow with the archive', async () => {
    writeFileSync(folder.at('sparse'), '');
    truncateSync(folder.at('sparse'), 2_000_000_000);
    const before = process.memoryUsage.rss();
    let bytes = 0;
    for await (const piece of narStream(folder.path)) bytes += piece.length;
    expect(bytes).toBeGreaterThan(2_000_000_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 << 20);
  });
});

test('a closed packer gives no more', async () => {
  writeFileSync(folder.at('file'), 'x');
  const packer = await packNar(folder.path);
  await packer.close();
  await packer.close();
  await expect(packer.fill(new Uint8Array(10))).rejects.toMatchObject({ code: 'already_finished' });
});
