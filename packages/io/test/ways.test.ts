import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ioKernel, openFile, openFileSource, platformKernel, type WindowSource } from '@chunker/io';

const WAYS = ['buffered', 'mapped', 'direct'] as const;
const data = Buffer.from(Array.from({ length: 1_000_003 }, (_, i) => (i * 7 + (i >> 8)) & 255));

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chunker-ways-'));
  path = join(folder, 'data');
});
afterAll(() => rm(folder, { recursive: true }));

async function drain(source: WindowSource, windowBytes: number, between: (windows: number) => Promise<unknown> = async () => {}): Promise<Buffer> {
  const pieces: Buffer[] = [];
  try {
    for (;;) {
      const window = Buffer.alloc(windowBytes);
      const bytes = await source.fill(window);
      pieces.push(window.subarray(0, bytes));
      if (bytes < windowBytes) return Buffer.concat(pieces);
      await between(pieces.length);
    }
  } finally {
    await source.close();
  }
}

describe.each(WAYS)('a file read %s', (reading) => {
  it.each([4096, 65_536, 70_001])('gives its bytes in windows of %i', async (windowBytes) => {
    await writeFile(path, data);
    const warn = vi.spyOn(process, 'emitWarning');
    expect((await drain(await openFileSource(path, { reading }), windowBytes)).equals(data)).toBe(true);
    expect((await drain(await openFileSource(path, { reading, start: 12_345 }), windowBytes)).equals(data.subarray(12_345))).toBe(true);
    const native = (await ioKernel()).kind === 'native';
    if (native && reading === 'mapped') expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  const changes = {
    grows: () => appendFile(path, 'more'),
    shrinks: () => truncate(path, 300_000),
    'is emptied': () => truncate(path, 0),
    'is written anew, as long as it was': () => writeFile(path, Buffer.alloc(data.length, 1)),
  };
  it.each(Object.keys(changes) as (keyof typeof changes)[])('reports that it %s', async (change) => {
    for (const at of [1, 5]) {
      await writeFile(path, data);
      // The clock of the file system ticks in steps.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const source = await openFileSource(path, { reading });
      const changing = drain(source, 65_536, (windows) => (windows === at ? changes[change]() : Promise.resolve()));
      await expect(changing).rejects.toMatchObject({ code: 'file_changed' });
    }
  });

  it('is the one that was opened where another takes its name', async () => {
    await writeFile(path, data);
    const other = join(folder, 'other');
    await writeFile(other, Buffer.alloc(data.length, 1));
    const source = await openFileSource(path, { reading });
    expect((await drain(source, 65_536, (windows) => (windows === 3 ? rename(other, path) : Promise.resolve()))).equals(data)).toBe(true);
  });
});

describe('a way of reading', () => {
  it('that cannot be had is left for the usual one, with a warning that says why', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await writeFile(path, data);
    const file = await openFile(path, { reading: 'direct', kernel: await platformKernel() });
    const into = new Uint8Array(10);
    expect(await file.read(5, into)).toBe(10);
    await file.close();
    expect(Buffer.from(into).equals(data.subarray(5, 15))).toBe(true);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('only the native kernel'), { code: 'CHUNKER_READING' });
    warn.mockRestore();
  });

  it('that there is none of is refused', async () => {
    await expect(openFile(path, { reading: 'telepathic' as never })).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

describe('io_uring', () => {
  it('is there, or is not for a reason', async () => {
    const ring = (await ioKernel()).ioUring();
    expect(ring.available || /^(io_uring_setup: E[A-Z]+|only the native kernel)/.test(ring.reason ?? '')).toBe(true);
  });
});
