import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { isChunkerError } from '@chunker/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type NarTree, unpackNar } from '../src/index.js';
import { Folder, haveNix, nixDump, openDescriptors, pack } from './folder.js';
import { judge } from './reference.js';
import { archiveOf, cases, codeOf, haveVectors } from './vectors.js';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.dispose());

/** What the rejection's code and details are. */
async function failure(work: Promise<unknown>): Promise<{ code: string; path?: string; offset?: number }> {
  const error = await work.then(
    () => expect.fail('should have failed'),
    (thrown: unknown) => thrown,
  );
  if (!isChunkerError(error)) throw error;
  return { code: error.code, ...(error.details as object) };
}

/** Nothing but what was there before: no target, no temporary. */
function expectUntouched(names: readonly string[] = []): void {
  expect(readdirSync(folder.path).sort()).toEqual([...names].sort());
  expect(openDescriptors(folder)).toEqual([]);
}

const file = (text: string, executable = false): NarTree => ({ kind: 'regular', contents: Buffer.from(text), executable });

async function manyFiles(count: number): Promise<Buffer> {
  const entries = Array.from({ length: count }, (_, i) => [`f${i}`, file(`contents ${i}`.repeat(i % 40), i % 3 === 0)] as const);
  const groups = Array.from({ length: 20 }, (_, i) => [`d${i}`, { kind: 'directory', entries: entries.filter((_, j) => j % 20 === i) }] as const);
  return pack({ kind: 'directory', entries: groups as never });
}

describe.each(['native', 'platform'])('with the %s kernel', (kind) => {
  beforeEach(() => {
    if (kind === 'platform') vi.stubEnv('CHUNKER_KERNEL', 'platform');
    vi.resetModules();
  });
  afterEach(() => vi.unstubAllEnvs());

  /** Modules are loaded anew: the kernel is chosen once. */
  const unpack: typeof unpackNar = async (...given) => {
    const { unpackNar } = await import('../src/index.js');
    return unpackNar(...given);
  };

  describe.skipIf(!haveVectors)('archives of others', () => {
    test('are unpacked to what packs to the same bytes, or leave nothing', async () => {
      for (const vector of cases) {
        const bytes = archiveOf(vector);
        if (vector.expect === 'accept') {
          await unpack(bytes, folder.at('target'), { windowBytes: 1000 });
          expect(Buffer.compare(await pack(folder.at('target')), bytes), vector.file).toBe(0);
          execFileSync('rm', ['-rf', folder.at('target')]);
        } else {
          const facts = await failure(unpack(bytes, folder.at('target'), { windowBytes: 64 }));
          expect(facts, vector.file).toMatchObject({ code: codeOf(vector), offset: vector.byteOffset });
        }
        expectUntouched();
      }
    });
  });

  test.each([1, 7, 64, 100, 4096, 1 << 20])('windows of %i bytes make the same tree', async (windowBytes) => {
    const bytes = await manyFiles(windowBytes < 50 ? 30 : 300);
    const summary = await unpack(Readable.from([bytes.subarray(0, 1001), bytes.subarray(1001)]), folder.at('target'), { windowBytes });
    expect(summary).toMatchObject({ narSize: bytes.length, directories: 21, symlinks: 0 });
    expect(Buffer.compare(await pack(folder.at('target')), bytes)).toBe(0);
    expectUntouched(['target']);
  });

  test('modes are those of any new file', async () => {
    const tree: NarTree = {
      kind: 'directory',
      entries: [
        ['plain', file('a')],
        ['tool', file('b', true)],
        ['d', { kind: 'directory', entries: [] }],
      ],
    };
    await unpack(await pack(tree), folder.at('target'));
    const mask = process.umask();
    const modes = ['', 'plain', 'tool', 'd'].map((name) => statSync(folder.at('target', name)).mode & 0o777);
    expect(modes).toEqual([0o777 & ~mask, 0o666 & ~mask, 0o777 & ~mask, 0o777 & ~mask]);
  });

  test('roots that are files and links, also with the disk flushed', async () => {
    for (const tree of [file('text'), file('', true), { kind: 'symlink', target: 'nowhere' } as const, { kind: 'directory', entries: [] } as const]) {
      const bytes = await pack(tree);
      await unpack(bytes, folder.at('target'), { sync: true });
      expect(Buffer.compare(await pack(folder.at('target')), bytes)).toBe(0);
      execFileSync('rm', ['-rf', folder.at('target')]);
    }
    expectUntouched();
  });

  test('the longest names fit, and their temporaries', async () => {
    const name = 'é'.repeat(127);
    const bytes = await manyFiles(3);
    await unpack(bytes, folder.at(name));
    expectUntouched([name]);
    expect(await failure(unpack(bytes, folder.at(`${name}xx`)))).toMatchObject({ code: 'name_too_long' });
  });

  describe('what lies at the target stays', () => {
    const bytes = pack({ kind: 'directory', entries: [['x', file('new')]] });

    test.each(['file', 'empty', 'full', 'link', 'filelink', 'dangling'])('%s', async (name) => {
      writeFileSync(folder.at('file'), 'old');
      mkdirSync(folder.at('empty'));
      mkdirSync(folder.at('full'));
      writeFileSync(folder.at('full', 'x'), 'old');
      symlinkSync('full', folder.at('link'));
      symlinkSync('file', folder.at('filelink'));
      symlinkSync('not-there', folder.at('dangling'));
      const before = execFileSync('ls', ['-lR', '--time-style=full-iso', folder.path], { encoding: 'utf8' });
      for (const target of [folder.at(name), `${folder.at(name)}/`]) {
        expect(await failure(unpack(await bytes, target))).toMatchObject({ code: 'already_exists', path: folder.at(name) });
      }
      expect(execFileSync('ls', ['-lR', '--time-style=full-iso', folder.path], { encoding: 'utf8' })).toBe(before);
    });

    test.each(['', '/', '.', '..', 'there/.', 'there/..', 'absent/.', 'absent/..', 'a\0b'])('a target %j has no name', async (target) => {
      mkdirSync(folder.at('there'));
      const path = target === '' || target === '/' ? target : folder.at('').concat('/', target);
      expect(await failure(unpack(await bytes, path))).toMatchObject({ code: 'invalid_input' });
      expectUntouched(['there']);
    });

    test('its directory must be there', async () => {
      writeFileSync(folder.at('file'), '');
      expect(await failure(unpack(await bytes, folder.at('no', 'target')))).toMatchObject({ code: 'not_found', path: folder.at('no', 'target') });
      expect(await failure(unpack(await bytes, folder.at('file', 'target')))).toMatchObject({ code: 'not_a_directory' });
    });

    test('something that takes the name meanwhile stays, and the tree goes', async () => {
      for (const make of [() => writeFileSync(folder.at('target'), 'other'), () => symlinkSync('away', folder.at('target'))]) {
        async function* pieces() {
          yield (await bytes).subarray(0, 100);
          make();
          yield (await bytes).subarray(100);
        }
        expect(await failure(unpack(pieces(), folder.at('target')))).toMatchObject({ code: 'already_exists' });
        expectUntouched(['target']);
        execFileSync('rm', [folder.at('target')]);
      }
    });
  });

  test('an archive that breaks, ends or is aborted anywhere leaves nothing', async () => {
    const bytes = await manyFiles(60);
    for (let cut = 0; cut < bytes.length; cut += 997) {
      expect(await failure(unpack(bytes.subarray(0, cut), folder.at('target'), { windowBytes: 512 }))).toMatchObject({ code: 'truncated_input', offset: cut });
      expectUntouched();
    }
    for (let after = 0; after < 12; after++) {
      const controller = new AbortController();
      const reason = new Error('enough');
      async function* pieces() {
        for (let i = 0; ; i++) {
          if (i === after) controller.abort(reason);
          yield bytes.subarray(i * 3000, (i + 1) * 3000);
        }
      }
      await expect(unpack(pieces(), folder.at('target'), { windowBytes: 2048, signal: controller.signal })).rejects.toBe(reason);
      expectUntouched();
    }
  });

  test('a source that fails leaves nothing, and its error is the answer', async () => {
    const bytes = await manyFiles(60);
    const reason = new Error('the line is down');
    async function* pieces() {
      yield bytes.subarray(0, 5000);
      throw reason;
    }
    await expect(unpack(pieces(), folder.at('target'), { windowBytes: 512 })).rejects.toBe(reason);
    expectUntouched();
  });

  test('after a failure nobody waits for a source that is silent', async () => {
    const bytes = (await manyFiles(30)).fill(1, 1000);
    async function* pieces() {
      yield bytes;
      await new Promise(() => {});
    }
    expect((await failure(unpack(pieces(), folder.at('target'), { windowBytes: 64 }))).code).toBe(judge(bytes).broken?.code);
    expectUntouched();
  });

  test('names that are one to the file system collide', async () => {
    // No file system here folds case: a name that is taken is put there by hand.
    const { ioKernel, openNewTree, MakeOrders } = await import('@chunker/io');
    expect((await ioKernel()).kind).toBe(kind);
    const tree = await openNewTree(folder.at('target'));
    const orders = new MakeOrders();
    orders.makeRoot();
    orders.file(0, Buffer.from('README'), { executable: false, begins: true, ends: true, place: 0, length: 0 });
    await tree.write(orders, new Uint8Array(0));
    for (const again of ['file', 'link', 'directory']) {
      orders.clear();
      const name = Buffer.from('README');
      if (again === 'file') orders.file(0, name, { executable: false, begins: true, ends: true, place: 0, length: 0 });
      else if (again === 'link') orders.link(0, name, Buffer.from('x'));
      else orders.directory(0, name, true);
      expect(await failure(tree.write(orders, new Uint8Array(0)))).toMatchObject({ code: 'name_collision', path: folder.at('target', 'README') });
    }
    await tree.remove();
    expectUntouched();
  });

  test('a directory swapped for a link is not followed', async () => {
    const { openNewTree, MakeOrders } = await import('@chunker/io');
    mkdirSync(folder.at('outside'));
    const tree = await openNewTree(folder.at('target'));
    const orders = new MakeOrders();
    orders.makeRoot();
    orders.directory(orders.directory(0, Buffer.from('a'), true), Buffer.from('b'), true);
    await tree.write(orders, new Uint8Array(0));
    const temporary = folder.at(readdirSync(folder.path).find((name) => name.startsWith('.target.tmp-')) as string);
    expect(statSync(temporary).mode & 0o777).toBe(0o700);
    for (const swapped of ['a', 'a/b']) {
      renameSync(join(temporary, swapped), join(temporary, 'moved'));
      symlinkSync(folder.at('outside'), join(temporary, swapped));
      orders.clear();
      const inner = orders.directory(orders.directory(0, Buffer.from('a'), false), Buffer.from('b'), false);
      orders.file(inner, Buffer.from('x'), { executable: false, begins: true, ends: true, place: 0, length: 0 });
      const { code } = await failure(tree.write(orders, new Uint8Array(0)));
      expect(['symlink_refused', 'not_a_directory']).toContain(code);
      execFileSync('rm', [join(temporary, swapped)]);
      renameSync(join(temporary, 'moved'), join(temporary, swapped));
    }
    await tree.remove();
    expect(readdirSync(folder.at('outside'))).toEqual([]);
    expectUntouched(['outside']);
  });

  test('removal follows no link', async () => {
    const { openNewTree, MakeOrders } = await import('@chunker/io');
    mkdirSync(folder.at('outside/kept'), { recursive: true });
    writeFileSync(folder.at('outside/file'), 'kept');
    const tree = await openNewTree(folder.at('target'));
    const orders = new MakeOrders();
    orders.makeRoot();
    orders.directory(0, Buffer.from([0xff, 0x61]), true);
    orders.link(0, Buffer.from('away'), Buffer.from(folder.at('outside')));
    await tree.write(orders, new Uint8Array(0));
    await tree.remove();
    await tree.remove();
    expect(readdirSync(folder.at('outside')).sort()).toEqual(['file', 'kept']);
    expectUntouched(['outside']);
  });
});

test('a process that is killed leaves nothing under the name, or all', async () => {
  const bytes = await manyFiles(4000);
  writeFileSync(folder.at('archive'), bytes);
  const script = `const { unpackNar } = await import(${JSON.stringify(join(import.meta.dirname, '../src/index.ts'))});
    for (let i = 0; ; i++) {
      await unpackNar(${JSON.stringify(folder.at('archive'))}, ${JSON.stringify(folder.at('target'))} + i, { windowBytes: 16384 });
      if (i === 0) console.log('ready');
    }`;
  const sources = join(import.meta.dirname, '../../cli/test/sources.mjs');
  let leftovers = 0;
  for (let round = 0; round < 5 || (leftovers === 0 && round < 40); round++) {
    const child = spawn(process.execPath, ['--conditions=@chunker/source', '--import', sources, '--input-type=module', '-e', script]);
    const ended = new Promise((resolve) => child.on('close', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, 20 + (round % 5) * 37));
    child.kill('SIGKILL');
    await ended;
    for (const name of readdirSync(folder.path)) {
      if (name === 'archive') continue;
      if (name.startsWith('.target')) leftovers++;
      else expect(Buffer.compare(await pack(folder.at(name)), bytes), name).toBe(0);
      execFileSync('rm', ['-rf', folder.at(name)]);
    }
  }
  expect(leftovers).toBeGreaterThan(0);
});

test.skipIf(!haveNix)('nix-store restores to the same tree', async () => {
  const bytes = await manyFiles(500);
  await unpackNar(bytes, folder.at('ours'));
  execFileSync('nix-store', ['--restore', folder.at('theirs')], { input: bytes, stdio: ['pipe', 'ignore', 'ignore'] });
  const facts = (root: string) =>
    execFileSync('find', ['.', '-printf', '%P %y %m %s %l\\n'], { cwd: folder.at(root), encoding: 'utf8' })
      .split('\n')
      .sort()
      .join('\n');
  expect(facts('ours').replace(/ d \d+ \d+ /g, ' d ')).toBe(facts('theirs').replace(/ d \d+ \d+ /g, ' d '));
  expect(Buffer.compare(nixDump(folder.at('ours')), bytes)).toBe(0);
});
