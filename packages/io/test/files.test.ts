import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { isSlabBacked } from '@chunker/core/native';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileSource, openFile, openFileSource, openTree, ReadRequests, readSmallFiles } from '../src/index.js';
import { readingFromEnvironment } from '../src/settings.js';
import { Folder, kernels, openDescriptors } from './folder.js';

const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >>> 8)) & 0xff);

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.dispose());

describe.each(await kernels())('files on the $name kernel', ({ kernel }) => {
  test('any position and room, into slabs, plain and shared memory', async () => {
    const data = pattern(300_000);
    writeFileSync(folder.at('file'), data);
    const file = await openFile(folder.at('file'), { kernel });
    expect(file.facts).toMatchObject({ kind: 'regular', size: 300_000, executable: false });
    const slab = kernel.slabs.take(100_000);
    expect(isSlabBacked(slab.bytes)).toBe(kernel.kind === 'native');
    for (const into of [slab.bytes, new Uint8Array(100_000), slab.bytes.subarray(77, 99_000), new Uint8Array(0)]) {
      for (const position of [0, 1, 4095, 250_000, 299_999, 300_000, 2 ** 40]) {
        into.fill(0);
        const read = await file.read(position, into);
        const expected = data.subarray(position, position + into.length);
        expect(read).toBe(expected.length);
        expect(Buffer.compare(into.subarray(0, read), expected)).toBe(0);
      }
    }
    slab.end();
    await file.checkUnchanged();
    await file.close();
    await file.close();
    await expect(file.read(0, new Uint8Array(1))).rejects.toMatchObject({ code: 'already_finished' });
    expect(openDescriptors(folder)).toEqual([]);
  });

  test('what is no position or no file is refused', async () => {
    writeFileSync(folder.at('file'), 'x');
    const file = await openFile(folder.at('file'), { kernel });
    for (const position of [-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      await expect(file.read(position, new Uint8Array(1))).rejects.toMatchObject({ code: 'invalid_input', details: { name: 'position' } });
    }
    await file.close();
    execFileSync('mkfifo', [folder.at('fifo')]);
    mkdirSync(folder.at('directory'));
    symlinkSync('file', folder.at('link'));
    symlinkSync('loop', folder.at('loop'));
    const code = (name: string) =>
      openFile(folder.at(name), { kernel }).then(
        (opened) => opened.close().then(() => 'opened'),
        (error) => `${error.name} ${error.code}`,
      );
    expect(await Promise.all(['fifo', 'directory', 'link', 'loop', 'missing', 'file/below', 'n'.repeat(300)].map(code))).toEqual([
      'IoError unsupported_file_type',
      'IoError is_directory',
      'opened',
      'IoError symlink_refused',
      'IoError not_found',
      'IoError not_a_directory',
      'IoError name_too_long',
    ]);
    expect(openDescriptors(folder)).toEqual([]);
  });

  test('closing waits for reads under way, an abort ends them with its reason', async () => {
    writeFileSync(folder.at('file'), pattern(4 << 20));
    const file = await openFile(folder.at('file'), { kernel });
    const slab = kernel.slabs.take(4 << 20);
    const reading = file.read(0, slab.bytes);
    const closing = file.close();
    expect(await reading).toBe(4 << 20);
    await closing;
    slab.end();
    const abort = new AbortController();
    const reason = new Error('enough');
    const other = await openFile(folder.at('file'), { kernel });
    const running = other.read(0, new Uint8Array(4 << 20), { signal: abort.signal });
    abort.abort(reason);
    await running.catch((error) => expect(error).toBe(reason));
    await expect(other.read(0, new Uint8Array(1), { signal: abort.signal })).rejects.toBe(reason);
    await other.close();
    expect(openDescriptors(folder)).toEqual([]);
  });

  test.each([
    ['grows', (path: string) => appendFileSync(path, 'more')],
    ['shrinks', (path: string) => truncateSync(path, 150_000)],
    ['is touched', (path: string) => utimesSync(path, 1, 1)],
  ])('a source whose file %s says so', async (_, change) => {
    const path = folder.at('file');
    writeFileSync(path, pattern(200_000));
    const source = new FileSource(await openFile(path, { kernel }));
    const window = new Uint8Array(100_000);
    expect(await source.fill(window)).toBe(100_000);
    change(path);
    await expect(source.fill(window)).rejects.toMatchObject({ code: 'file_changed', details: { path } });
    await source.close();
  });

  test('a source fills windows at the same time, in order', async () => {
    const data = pattern(1_000_003);
    writeFileSync(folder.at('file'), data);
    for (const start of [0, 17, 1_000_003, 2_000_000]) {
      const source = new FileSource(await openFile(folder.at('file'), { kernel }), { start });
      expect(source.size).toBe(Math.max(0, 1_000_003 - start));
      const windows = Array.from({ length: 12 }, () => kernel.slabs.take(100_000));
      const lengths = await Promise.all(windows.map(({ bytes }) => source.fill(bytes)));
      const whole = Buffer.concat(windows.map(({ bytes }, i) => Buffer.from(bytes.subarray(0, lengths[i]))));
      expect(Buffer.compare(whole, data.subarray(start))).toBe(0);
      for (const slab of windows) slab.end();
      await source.close();
    }
  });

  test('small files lie one behind the other, each with its own outcome', async () => {
    mkdirSync(folder.at('sub'));
    const names = ['a', 'missing', 'empty', 'fifo', 'large', 'b', 'n'.repeat(256), '..', 'link'];
    for (const [name, text] of [
      ['a', 'first'],
      ['empty', ''],
      ['large', '0123456789'],
      ['b', 'second'],
    ] as const)
      writeFileSync(folder.at('sub', name), text);
    execFileSync('mkfifo', [folder.at('sub', 'fifo')]);
    symlinkSync('a', folder.at('sub', 'link'));
    const tree = await openTree(folder.path, { kernel });
    const window = new Uint8Array(64);
    const bytes = names.map((name) => new Uint8Array(Buffer.from(name)));
    const result = await readSmallFiles(tree, new Uint8Array(Buffer.from('sub')), bytes, window, { maxFileBytes: 9 });
    expect([...result.lengths]).toEqual([5, 0, 0, 0, 0, 6, 0, 0, 0]);
    expect(Buffer.from(window.subarray(0, result.bytes)).toString()).toBe('firstsecond');
    expect(result.offsets[5]).toBe(5);
    expect([...result.errors].map(([index, { code }]) => [names[index]?.slice(0, 8), code])).toEqual([
      ['missing', 'not_found'],
      ['fifo', 'unsupported_file_type'],
      ['large', 'file_too_large'],
      ['nnnnnnnn', 'name_too_long'],
      ['..', 'invalid_input'],
      ['link', 'symlink_refused'],
    ]);
    expect(result.errors.get(1)?.details).toMatchObject({ path: folder.at('sub', 'missing'), errno: 'ENOENT' });
    await tree.close();
    expect(openDescriptors(folder)).toEqual([]);
  });

  test.each([
    ['written to', (path: string) => writeFileSync(path, 'other')],
    ['made longer', (path: string) => appendFileSync(path, '!')],
    ['replaced', (path: string) => void [writeFileSync(`${path}2`, 'first'), renameSync(`${path}2`, path)]],
    ['replaced by a link', (path: string) => void [renameSync(path, `${path}2`), symlinkSync(`${path}2`, path)]],
    ['replaced by a fifo', (path: string) => void [renameSync(path, `${path}2`), execFileSync('mkfifo', [path])]],
    ['removed', (path: string) => renameSync(path, `${path}2`)],
  ])('a listed file that was %s is not read', async (what, change) => {
    const path = folder.at('file');
    writeFileSync(path, 'first');
    utimesSync(path, 5, 5);
    const tree = await openTree(folder.path, { kernel });
    const cursor = tree.cursor();
    while (await cursor.advance()) if (cursor.depth === 1) break;
    const requests = new ReadRequests();
    requests.add(cursor.directory, cursor.listing, cursor.index, 1, 3, 2);
    const window = new Uint8Array(6).fill(0x2e);
    await tree.read(requests, window);
    // The rest of the window is the caller's.
    expect(Buffer.from(window).toString()).toBe('..irs.');
    change(path);
    const code = { 'replaced by a link': 'symlink_refused', removed: 'not_found' }[what] ?? 'file_changed';
    await expect(tree.read(requests, window)).rejects.toMatchObject({ code, details: { path } });
    await tree.close();
    expect(openDescriptors(folder)).toEqual([]);
  });

  test('thousands of requests of many directories in one call', async () => {
    for (let i = 0; i < 60; i++) {
      mkdirSync(folder.at(`d${i}`));
      for (let j = 0; j < 50; j++) writeFileSync(folder.at(`d${i}`, `f${j}`), `${i}/${j};`);
    }
    const tree = await openTree(folder.path, { kernel });
    const requests = new ReadRequests();
    const cursor = tree.cursor();
    let place = 0;
    const expected: string[] = [];
    while (await cursor.advance()) {
      if (cursor.depth !== 2) continue;
      requests.add(cursor.directory, cursor.listing, cursor.index, 0, cursor.size, place);
      place += cursor.size;
      expected.push(Buffer.from(cursor.path).toString().replaceAll(/[df]/g, ''));
    }
    const window = kernel.slabs.take(place);
    await tree.read(requests, window.bytes);
    expect(Buffer.from(window.bytes).toString()).toBe(expected.map((text) => `${text};`).join(''));
    window.end();
    await tree.close();
  });
});

test('a worker or a caller who lets go leaks nothing', async () => {
  writeFileSync(folder.at('file'), pattern(10_000));
  for (let i = 0; i < 200; i++) {
    const source = await openFileSource(folder.at('file'), { start: 5 });
    expect(source.position).toBe(5);
    await source.close();
    await expect(openFileSource(folder.at('file'), { start: -1 })).rejects.toMatchObject({ code: 'invalid_input' });
  }
  expect(openDescriptors(folder)).toEqual([]);
});

test('a file that says it is empty and is not is read all the same', async () => {
  const source = await openFileSource('/proc/self/status');
  expect(source.size).toBe(undefined);
  const windows = Array.from({ length: 40 }, () => new Uint8Array(64));
  const filled = await Promise.all(windows.map((window) => source.fill(window)));
  const text = Buffer.concat(windows.map((window, i) => window.subarray(0, filled[i]))).toString();
  expect(text).toMatch(/^Name:.*nonvoluntary_ctxt_switches:\t\d+\n$/s);
  await source.close();
  writeFileSync(folder.at('empty'), '');
  const empty = await openFileSource(folder.at('empty'));
  expect(empty.size).toBe(0);
  expect(await empty.fill(new Uint8Array(9))).toBe(0);
  await empty.close();
});

test('settings of the environment are numbers or refused', () => {
  expect(readingFromEnvironment({})).toEqual({ sliceCapBytes: 16 << 20, readaheadBytes: 0 });
  expect(readingFromEnvironment({ CHUNKER_READ_SLICE_CAP_BYTES: '4096', CHUNKER_READAHEAD_BYTES: '1' })).toEqual({
    sliceCapBytes: 4096,
    readaheadBytes: 1,
  });
  // A cap counts by whole blocks.
  expect(readingFromEnvironment({ CHUNKER_READ_SLICE_CAP_BYTES: '10000' }).sliceCapBytes).toBe(8192);
  for (const value of ['0', '4095', '-1', '1e6', '4 MiB', '99999999999']) {
    expect(() => readingFromEnvironment({ CHUNKER_READ_SLICE_CAP_BYTES: value })).toThrow(
      expect.objectContaining({ code: 'invalid_input', details: expect.objectContaining({ name: 'CHUNKER_READ_SLICE_CAP_BYTES', value }) }),
    );
  }
});
