import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeUnfinishedFiles, writeFileAtomically } from '../src/index.js';
import { Gate } from '../src/open-files.js';
import { asNobody, Folder, openDescriptors } from './folder.js';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.dispose());

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

async function* pieces(...texts: string[]) {
  for (const text of texts) yield bytes(text);
}

test('writes bytes, iterables and streams', async () => {
  expect(await writeFileAtomically(folder.at('a'), bytes('whole'))).toBe(5);
  expect(await writeFileAtomically(folder.at('b'), pieces('one ', 'two'), { sync: false, mode: 0o600 })).toBe(7);
  expect(await writeFileAtomically(folder.bytes(Buffer.from([0xff])), [bytes('x'), bytes('')])).toBe(1);
  expect([readFileSync(folder.at('a'), 'utf8'), readFileSync(folder.at('b'), 'utf8')]).toEqual(['whole', 'one two']);
  expect(statSync(folder.at('b')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder.path)).toHaveLength(3);
});

test('an existing target is refused, also one that appears meanwhile, unless forced', async () => {
  writeFileSync(folder.at('file'), 'old');
  symlinkSync('nowhere', folder.at('dangling'));
  for (const name of ['file', 'dangling']) {
    await expect(writeFileAtomically(folder.at(name), bytes('new'))).rejects.toMatchObject({
      name: 'IoError',
      code: 'already_exists',
      details: { path: folder.at(name) },
    });
  }
  async function* late() {
    yield bytes('mine');
    writeFileSync(folder.at('late'), 'theirs');
  }
  await expect(writeFileAtomically(folder.at('late'), late())).rejects.toMatchObject({ code: 'already_exists' });
  expect(readFileSync(folder.at('late'), 'utf8')).toBe('theirs');
  await writeFileAtomically(folder.at('file'), bytes('new'), { force: true });
  await writeFileAtomically(folder.at('dangling'), bytes('new'), { force: true });
  expect([readFileSync(folder.at('file'), 'utf8'), readFileSync(folder.at('dangling'), 'utf8')]).toEqual(['new', 'new']);
  expect(readdirSync(folder.path).sort()).toEqual(['dangling', 'file', 'late']);
});

test('failure and abort leave nothing behind', async () => {
  const broken = new Error('broken');
  async function* fails() {
    yield bytes('some');
    throw broken;
  }
  await expect(writeFileAtomically(folder.at('file'), fails())).rejects.toBe(broken);
  const abort = new AbortController();
  const reason = new Error('enough');
  async function* aborts() {
    yield bytes('some');
    abort.abort(reason);
    yield bytes('more');
  }
  await expect(writeFileAtomically(folder.at('file'), aborts(), { signal: abort.signal })).rejects.toBe(reason);
  await expect(writeFileAtomically(folder.at('file'), bytes('x'), { signal: abort.signal })).rejects.toBe(reason);
  expect(readdirSync(folder.path)).toEqual([]);
  expect(openDescriptors(folder)).toEqual([]);
});

test('the system saying no is a typed error', async () => {
  mkdirSync(folder.at('closed'), { mode: 0o555 });
  execFileSync('chmod', ['755', folder.path]);
  const code = (path: string, force = false) => writeFileAtomically(path, bytes('x'), { force }).catch((error) => error.code);
  expect(await code(folder.at('missing', 'file'))).toBe('not_found');
  expect(await asNobody(() => code(folder.at('closed', 'file')))).toBe('permission_denied');
  expect(await code(folder.at('closed'), true)).toBe('is_directory');
  expect(await code(folder.at('n'.repeat(300)))).toBe('name_too_long');
  expect(readdirSync(folder.path)).toEqual(['closed']);
});

test('a fifo or device is never replaced, also not through a link', async () => {
  execFileSync('mkfifo', [folder.at('fifo')]);
  symlinkSync('fifo', folder.at('link'));
  symlinkSync('/dev/null', folder.at('null'));
  for (const name of ['fifo', 'link', 'null']) {
    await expect(writeFileAtomically(folder.at(name), bytes('x'), { force: true })).rejects.toMatchObject({
      code: 'unsupported_file_type',
      details: { path: folder.at(name) },
    });
  }
  expect(statSync(folder.at('fifo')).isFIFO()).toBe(true);
  expect(readdirSync(folder.path)).toHaveLength(3);
});

test('a handler of signals can remove what is unfinished', async () => {
  async function* watched() {
    yield bytes('some');
    expect(readdirSync(folder.path)).toHaveLength(1);
    removeUnfinishedFiles();
    expect(readdirSync(folder.path)).toEqual([]);
    yield bytes('more');
  }
  await expect(writeFileAtomically(folder.at('file'), watched())).rejects.toMatchObject({ code: 'not_found' });
  expect(readdirSync(folder.path)).toEqual([]);
});

test('a full disk is no_space and leaves nothing', async () => {
  const mounted = folder.at('disk');
  mkdirSync(mounted);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mounted], { stdio: 'ignore' });
  } catch {
    return expect.soft(process.geteuid?.(), 'mounting needs root').not.toBe(undefined);
  }
  try {
    await expect(writeFileAtomically(`${mounted}/file`, new Uint8Array(1 << 20))).rejects.toMatchObject({ code: 'no_space' });
    expect(readdirSync(mounted)).toEqual([]);
  } finally {
    execFileSync('umount', [mounted]);
  }
});

test('a gate lets so many in, in order, and lets those go who give up', async () => {
  const gate = new Gate(2);
  const order: string[] = [];
  const leaveFirst = await gate.enter();
  const leaveSecond = await gate.enter();
  const third = gate.enter().then((leave) => {
    order.push('third');
    return leave;
  });
  const abort = new AbortController();
  const fourth = gate.enter(abort.signal);
  const fifth = gate.enter().then((leave) => {
    order.push('fifth');
    return leave;
  });
  abort.abort(new Error('gave up'));
  await expect(fourth).rejects.toThrow('gave up');
  expect(order).toEqual([]);
  leaveFirst();
  leaveFirst();
  await third;
  await new Promise(setImmediate);
  expect(order).toEqual(['third']);
  leaveSecond();
  (await third)();
  (await fifth)();
  expect(order).toEqual(['third', 'fifth']);
  (await gate.enter())();
});

test('under a low limit of open files, many wait for few', async () => {
  for (let i = 0; i < 300; i++) writeFileSync(folder.at(`f${i}`), String(i));
  const script = `
    import { openFile } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).pathname)};
    import { readdirSync } from 'node:fs';
    let most = 0;
    const texts = await Promise.all(Array.from({ length: 300 }, async (_, i) => {
      const file = await openFile(${JSON.stringify(folder.path)} + '/f' + i);
      most = Math.max(most, readdirSync('/proc/self/fd').length);
      const into = new Uint8Array(8);
      const length = await file.read(0, into);
      await file.close();
      return Buffer.from(into.subarray(0, length)).toString();
    }));
    console.log(JSON.stringify({ most, right: texts.every((text, i) => text === String(i)) }));`;
  const { build } = await import('esbuild');
  const bundle = new URL('../build/limited.mjs', import.meta.url).pathname;
  await build({
    stdin: { contents: script, resolveDir: folder.path },
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@chunker/source'],
    outfile: bundle,
    banner: { js: 'import { createRequire as _r } from "node:module"; const require = _r(import.meta.url);' },
  });
  const child = spawn('sh', ['-c', 'ulimit -n 128; exec "$0" "$1"', process.execPath, bundle], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  for await (const piece of child.stdout) out += piece;
  const { most, right } = JSON.parse(out);
  expect(right).toBe(true);
  expect(most).toBeLessThan(128);
});
