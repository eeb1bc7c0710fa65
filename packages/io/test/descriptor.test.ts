import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, constants, openSync, readSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { openDescriptorSource, type WindowSource } from '../src/index.js';
import { Folder } from './folder.js';

const folder = new Folder();
afterAll(() => folder.dispose());

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i + (i >> 7)) & 0xff);

let pipes = 0;

/** Both ends of a pipe. */
function pipe(): { readonly from: number; readonly to: number } {
  const path = folder.at(`pipe-${pipes++}`);
  execFileSync('mkfifo', [path]);
  const from = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { from, to: openSync(path, constants.O_WRONLY) };
}

/** Has another process write, which may wait for the reader, and closes our end. */
function feed(to: number, data: Uint8Array): Promise<unknown> {
  const path = folder.at(`data-${pipes++}`);
  writeFileSync(path, data);
  const writer = spawn('cat', [path], { stdio: ['ignore', to, 'inherit'] });
  closeSync(to);
  return once(writer, 'close');
}

async function drain(source: WindowSource, window: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const room = new Uint8Array(window);
    const filled = await source.fill(room);
    pieces.push(room.subarray(0, filled));
    if (filled < window) return Buffer.concat(pieces);
  }
}

describe('a pipe', () => {
  it.each([1000, 65_536, 100_003, 300_000, 1_000_000])('gives all bytes in order, in windows of %i', async (window) => {
    const { from, to } = pipe();
    const source = openDescriptorSource(from);
    const feeding = feed(to, bytes);
    expect(Buffer.compare(await drain(source, window), bytes)).toBe(0);
    await feeding;
    await source.close();
  });

  it('fills windows that are asked for at the same time one after the other', async () => {
    const { from, to } = pipe();
    const source = openDescriptorSource(from);
    const windows = Array.from({ length: 4 }, () => new Uint8Array(100_000));
    const filling = Promise.all(windows.map((window) => source.fill(window)));
    await feed(to, bytes);
    expect(await filling).toEqual([100_000, 100_000, 100_000, 0]);
    expect(Buffer.compare(Buffer.concat(windows.slice(0, 3)), bytes)).toBe(0);
    await source.close();
  });

  it('is waited for without work while it is silent', async () => {
    const { from, to } = pipe();
    const source = openDescriptorSource(from);
    const filling = source.fill(new Uint8Array(10));
    await wait(100);
    // The runner's own timers are a few milliseconds, its compiler and collector may work on for a moment.
    let microseconds = Number.POSITIVE_INFINITY;
    for (let second = 0; second < 10 && microseconds >= 200_000; second++) {
      const before = process.cpuUsage();
      await wait(1000);
      const { user, system } = process.cpuUsage(before);
      microseconds = user + system;
    }
    expect(microseconds).toBeLessThan(200_000);
    await feed(to, bytes.subarray(0, 7));
    expect(await filling).toBe(7);
    await source.close();
  });

  it('hands on what there is to who reads eagerly, when nothing more comes for a moment', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const { from, to } = pipe();
    const source = openDescriptorSource(from);
    const { signal } = new AbortController();
    const window = new Uint8Array(400_000);
    let settled = false;
    const filling = source.fill(window, signal, true).finally(() => {
      settled = true;
    });
    // Less than a pipe holds is waited for, however long that takes.
    writeSync(to, bytes.subarray(0, 40_000));
    await wait(250);
    expect(settled).toBe(false);
    writeSync(to, bytes.subarray(40_000, 90_000));
    expect(await filling).toBe(90_000);
    expect(source.ended).toBe(false);
    const rest = feed(to, bytes.subarray(90_000));
    let at = 90_000;
    while (!source.ended) {
      const filled = await source.fill(window.subarray(at), signal, true);
      at += filled;
      if (filled === 0) expect(source.ended).toBe(true);
    }
    expect(at).toBe(bytes.length);
    expect(Buffer.compare(window.subarray(0, at), bytes)).toBe(0);
    await rest;
    await source.close();
    for (let i = 0; i < 1000 && timers() > before; i++) await wait(50);
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('ends waiting with the reason of the signal, writes nothing afterwards and loses nothing', async () => {
    const { from, to } = pipe();
    const source = openDescriptorSource(from);
    const controller = new AbortController();
    const left = new Uint8Array(10);
    const filling = source.fill(left, controller.signal);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(filling).rejects.toBe(reason);
    await expect(source.fill(new Uint8Array(10), controller.signal)).rejects.toBe(reason);
    const feeding = feed(to, bytes);
    await wait(50);
    expect(left).toEqual(new Uint8Array(10));
    expect(Buffer.compare(await drain(source, 70_000), bytes)).toBe(0);
    await feeding;
    await source.close();
  });

  it('answers already_finished where it is closed while it is waited for', async () => {
    const { from, to } = pipe();
    const source = openDescriptorSource(from);
    const filling = source.fill(new Uint8Array(10));
    await wait(10);
    await source.close();
    await expect(filling).rejects.toMatchObject({ code: 'already_finished' });
    await expect(source.fill(new Uint8Array(10))).rejects.toMatchObject({ code: 'already_finished' });
    closeSync(to);
  });
});

describe('a file or device', () => {
  it('is read from where it stands, and stays open', async () => {
    writeFileSync(folder.at('file'), bytes);
    const fd = openSync(folder.at('file'), 'r');
    readSync(fd, new Uint8Array(10));
    const source = openDescriptorSource(fd);
    expect(Buffer.compare(await drain(source, 77_777), bytes.subarray(10))).toBe(0);
    await source.close();
    expect(readSync(fd, new Uint8Array(1))).toBe(0);
    closeSync(fd);
  });

  it('may be empty or endless', async () => {
    const [empty, endless] = [openSync('/dev/null', 'r'), openSync('/dev/zero', 'r')];
    expect(await openDescriptorSource(empty).fill(new Uint8Array(10))).toBe(0);
    const window = new Uint8Array(100).fill(1);
    expect(await openDescriptorSource(endless).fill(window)).toBe(100);
    expect(window).toEqual(new Uint8Array(100));
    closeSync(empty);
    closeSync(endless);
  });

  it.each([
    ['grows', (path: string) => appendFileSync(path, 'more')],
    ['shrinks', (path: string) => truncateSync(path, 150_000)],
    ['is rewritten', (path: string) => writeFileSync(path, bytes.slice().reverse())],
  ])('that %s is reported', async (_, change) => {
    const path = folder.at('changing');
    writeFileSync(path, Buffer.from(bytes));
    execFileSync('touch', ['-d', '2001-01-01', path]);
    const fd = openSync(path, 'r');
    const source = openDescriptorSource(fd, 'the input');
    expect(await source.fill(new Uint8Array(100_000))).toBe(100_000);
    change(path);
    await expect(drain(source, 77_777)).rejects.toMatchObject({ code: 'file_changed', details: { path: 'the input' } });
    closeSync(fd);
  });

  it('is refused by its name where nothing can be read', async () => {
    const directory = openSync(folder.path, 'r');
    expect(() => openDescriptorSource(directory, 'the input')).toThrow(expect.objectContaining({ code: 'is_directory', details: { path: 'the input' } }));
    closeSync(directory);
    // A number that no other thread of this process is given meanwhile.
    expect(() => openDescriptorSource(1_000_000)).toThrow(expect.objectContaining({ code: 'io_error', details: expect.objectContaining({ errno: 'EBADF' }) }));
    const writeOnly = openSync(folder.at('written'), 'w');
    await expect(openDescriptorSource(writeOnly).fill(new Uint8Array(1))).rejects.toMatchObject({ code: 'io_error', details: { errno: 'EBADF' } });
    closeSync(writeOnly);
  });
});
