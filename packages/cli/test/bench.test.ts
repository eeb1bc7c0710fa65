import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { chunker, listening, start } from './command.js';
import { noise, testFolder } from './folder.js';

const folder = testFolder();
writeFileSync(join(folder, 'data'), noise(50_000));
writeFileSync(join(folder, 'empty'), '');
const short = ['--time', '0.01'];

interface Row {
  readonly algorithm: string;
  readonly kernel: string;
  readonly operation: string;
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

async function rows(...given: readonly string[]): Promise<Row[]> {
  const { text, stderr, status } = await chunker(['bench', '--json', ...short, ...given], { cwd: folder });
  expect([stderr, status]).toEqual(['', 0]);
  return JSON.parse(text);
}

describe('bench', () => {
  it('measures what is named, each with its options, on the data given', async () => {
    const measured = await rows('--data', 'data', 'zstd:level=1', 'zstd:level=5', 'blake3', 'fixed');
    for (const row of measured) {
      expect(Object.keys(row)).toEqual(['algorithm', 'kernel', 'operation', 'bytes', 'bytesPerSecond']);
      expect(row.bytes).toBe(50_000);
      expect(row.bytesPerSecond).toBeGreaterThan(1000);
    }
    const did = (algorithm: string) => new Set(measured.filter((row) => row.algorithm === algorithm).map((row) => row.operation));
    expect(did('zstd:level=1')).toEqual(new Set(['compress', 'decompress']));
    expect(did('zstd:level=5')).toEqual(new Set(['compress', 'decompress']));
    expect(did('blake3')).toEqual(new Set(['hash']));
    expect(did('fixed')).toEqual(new Set(['chunk']));
  });

  it('measures on generated data of the size wanted, with the kernel wanted', async () => {
    const measured = await rows('--size', '20KiB', '--kernel', 'js', 'sha256');
    expect(measured).toEqual([{ algorithm: 'sha256', kernel: 'js', operation: 'hash', bytes: 20_480, bytesPerSecond: expect.any(Number) }]);
  });

  it('is a table for people', async () => {
    const { text } = await chunker(['bench', ...short, '--size', '4KiB', 'md5'], { cwd: folder });
    expect(text).toMatch(/^4\.00 KiB\n( {2}md5 +\w+ +hash +[\d.]+ [KMG]iB\/s\n)+$/);
  });

  it.each([
    [['nonsense'], 'algorithm_unknown'],
    [['zstd:level=99'], 'invalid_options'],
    [['--data', 'data', '--size', '1KiB', 'md5'], 'invalid_usage'],
    [['--data', 'empty', 'md5'], 'invalid_usage'],
    [['--size', '0', 'md5'], 'invalid_usage'],
    [['--time', '1e3', 'md5'], 'invalid_usage'],
  ])('%s is wrong usage', async (given, code) => {
    const { status, stderr } = await chunker(['bench', ...given], { cwd: folder });
    expect(stderr).toMatch(new RegExp(`^chunker: ${code}: `));
    expect(status).toBe(2);
  });

  it('ends at once on Ctrl-C', async () => {
    // Two operations of ten minutes each: the test's own limit tells whether it waits for them.
    const child = start(['bench', '--time', '600', 'md5'], { stdio: 'ignore' });
    const ending = new Promise<number | null>((resolve) => child.on('close', resolve));
    await listening(child);
    await wait(1000);
    child.kill('SIGINT');
    expect(await ending).toBe(130);
  });
});
