import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chunker, oracle, start } from './command.js';
import { makeTree, noise, testFolder } from './folder.js';

const folder = testFolder();
const tree = makeTree(join(folder, 'tree'));
const data = Buffer.concat([noise(2_000_000, 9), Buffer.alloc(2_000_000, 'chunker '), noise(2_000_000, 9)]);
writeFileSync(join(folder, 'data'), data);

const hasZstd = oracle('zstd', ['--version']) !== undefined;

describe('zstd', () => {
  it.skipIf(!hasZstd)('agrees with the zstd command both ways', async () => {
    const ours = await chunker(['compress'], { input: data });
    expect(oracle('zstd', ['-dc'], ours.stdout)?.equals(data)).toBe(true);
    const theirs = oracle('zstd', ['-19', '-c'], data) as Buffer;
    const back = await chunker(['decompress', '-'], { input: theirs });
    expect(back.stdout.equals(data)).toBe(true);
    const two = Buffer.concat([theirs, ours.stdout]);
    expect((await chunker(['decompress'], { input: two })).stdout.length).toBe(2 * data.length);
  });

  it('is what a scan compresses with, each unique chunk once, verified', async () => {
    const report = JSON.parse((await chunker(['scan', tree, join(folder, 'data'), '--verify', '--json'])).text);
    expect(report.verified).toBe(true);
    expect(report.compressedBytes).toBeLessThan(report.uniqueBytes + 10_000);
    expect(report.uniqueBytes).toBeLessThan(report.bytes - 2_000_000);
  });

  it('tells of each chunk how small it became', async () => {
    const { text } = await chunker(['scan', join(folder, 'data'), '--each']);
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const summary = lines.pop();
    const compressed = lines.reduce((sum, { compressedLength = 0 }) => sum + compressedLength, 0);
    expect(compressed).toBe(summary.compressedBytes);
    expect(
      lines.every(({ hash, duplicate, compressedLength }) => /^[0-9a-f]{64}$/.test(hash) && (duplicate === true) === (compressedLength === undefined)),
    ).toBe(true);
  });

  it('leaves no temporary file when it is interrupted', async () => {
    const place = join(folder, 'interrupted');
    mkdirSync(place);
    const child = start(['compress', '-c', 'zstd:level=19', '-', '-o', join(place, 'out')], { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin?.on('error', () => {});
    const ending = new Promise<number | null>((resolve) => child.on('close', resolve));
    const feed = setInterval(() => child.stdin?.write(data), 20);
    // The test's own limit ends it where nothing comes.
    while (readdirSync(place).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readdirSync(place).length).toBe(1);
    child.kill('SIGINT');
    const status = await ending;
    clearInterval(feed);
    expect(status).toBe(130);
    expect(readdirSync(place)).toEqual([]);
  });
});
