import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainIo } from '../src/index.js';
import { Folder } from './folder.js';

// What the kernel of the system is asked for, as strace sees it.
const hasStrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
const hasNative = (await explainIo()).some(({ kind, chosen }) => kind === 'native' && chosen);
if (!hasStrace && process.env.CI) throw new Error('CI needs strace, and permission to trace');

const BYTES = 9_000_003;
const KIB = 1024;

describe.skipIf(!hasStrace || !hasNative)('the system calls of reading a file (needs strace and the native kernel)', () => {
  const folder = new Folder();
  let runs = 0;
  const reader = fileURLToPath(new URL('../build/reader.mjs', import.meta.url));
  beforeAll(async () => {
    writeFileSync(folder.at('file'), new Uint8Array(BYTES));
    const contents = `
      import { openFileSource, readWindows } from ${JSON.stringify(fileURLToPath(new URL('../src/index.ts', import.meta.url)))};
      const source = await openFileSource(process.argv[2], { start: Number(process.argv[4]) });
      for await (const _ of readWindows(source, JSON.parse(process.argv[3])));
      await source.close();`;
    const banner = { js: 'import { createRequire as _r } from "node:module"; const require = _r(import.meta.url);' };
    await build({
      stdin: { contents, resolveDir: folder.path },
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['@chunker/source'],
      outfile: reader,
      banner,
    });
  });
  afterAll(() => folder.dispose());

  /** Positioned reads of the file and what was advised, as they were asked for. */
  function traced(settings: object, env: Record<string, string> = {}, start = 0) {
    const logs = `log-${++runs}`;
    const log = folder.at(logs);
    // A log per thread: calls of several threads in one stand in pieces.
    const strace = ['-ff', '-y', '-e', 'trace=read,pread64,readv,preadv,preadv2,fadvise64', '-o', log];
    const ran = spawnSync('strace', [...strace, process.execPath, reader, folder.at('file'), JSON.stringify(settings), String(start)], {
      env: { ...process.env, ...env },
    });
    expect(ran.stderr.toString()).toBe('');
    const calls = readdirSync(folder.path)
      .filter((name) => name.startsWith(`${logs}.`))
      .flatMap((name) => readFileSync(folder.at(name), 'utf8').split('\n'))
      .filter((line) => line.includes(`<${folder.at('file')}>`));
    const numbers = (line: string, pattern: RegExp) => (pattern.exec(line) as RegExpExecArray).slice(1).map(Number);
    const reads = calls
      .filter((line) => /^pread64\(/.test(line))
      .map((line) => numbers(line, /, (\d+), (\d+)\) += /))
      .sort((a, b) => (a[1] as number) - (b[1] as number));
    const advice = calls.filter((line) => /fadvise64\(.*WILLNEED/.test(line)).map((line) => numbers(line, />, (\d+), (\d+),/));
    return { reads, advice, others: calls.filter((line) => !/^(pread64|fadvise64)\(/.test(line)) };
  }

  it('are one positioned read a window, each of whole blocks where the file goes on', () => {
    const { reads, advice, others } = traced({ windowBytes: 2048 * KIB });
    expect(reads).toEqual([0, 1, 2, 3, 4].map((i) => [Math.min(2048 * KIB, BYTES - i * 2048 * KIB), i * 2048 * KIB]));
    expect([advice, others]).toEqual([[], []]);
  });

  it('are as large as adaptive windows are', () => {
    const { reads } = traced({ windowBytes: 4096 * KIB, buffers: { strategy: 'adaptive' } });
    expect(reads.map(([length]) => length)).toEqual([64, 128, 256, 512, 1024, 2048, 4096].map((kib) => kib * KIB).concat(BYTES - 8128 * KIB));
  });

  it('are no longer than CHUNKER_READ_SLICE_CAP_BYTES, in whole blocks', () => {
    const { reads } = traced({ windowBytes: 2048 * KIB }, { CHUNKER_READ_SLICE_CAP_BYTES: '500000' });
    expect(Math.max(...reads.map(([length]) => length as number))).toBe(499_712);
    let end = 0;
    for (const [length, position] of reads) {
      expect(position).toBe(end);
      expect((position as number) % 4096).toBe(0);
      end += length as number;
    }
    expect(end).toBe(BYTES);
  });

  it.each([
    [2048 * KIB, {}],
    [2048 * KIB, { CHUNKER_READ_SLICE_CAP_BYTES: '500000' }],
    [4096, {}],
  ])('are whole blocks from the first end of a block on, wherever a file is begun: windows of %j, %j', (windowBytes, env) => {
    const start = 8_000_001;
    const { reads } = traced({ windowBytes }, env, start);
    let end = start;
    for (const [index, [length, position]] of reads.entries()) {
      expect(position).toBe(end);
      if (index > 0) expect((position as number) % 4096).toBe(0);
      end += length as number;
    }
    expect([end, reads.length > 1]).toEqual([BYTES, windowBytes === 4096 || Object.keys(env).length > 0]);
  });

  it('ask the system to read ahead as far as CHUNKER_READAHEAD_BYTES says', () => {
    const { reads, advice } = traced({ windowBytes: 2048 * KIB }, { CHUNKER_READAHEAD_BYTES: '3000000' });
    expect(advice.map(([from]) => from as number).sort((a, b) => a - b)).toEqual(reads.map(([length, position]) => (length as number) + (position as number)));
    expect(new Set(advice.map(([, length]) => length))).toEqual(new Set([3_000_000]));
  });
});
