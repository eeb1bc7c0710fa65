import { randomBytes } from 'node:crypto';
import { fastcdc } from '@chunker/chunking-fastcdc';
import { zstd } from '@chunker/codec-zstd';
import { Registry } from '@chunker/core';
import type { ExecutorFigures } from '@chunker/core/runtime';
import { blake3 } from '@chunker/hash-blake3';
import { pipeline } from '@chunker/pipeline';
import { describe, expect, it } from 'vitest';
import { shell } from './command.js';

const data = randomBytes(8 * 1024 * 1024);

function expectFigures({ workMilliseconds, wallMilliseconds, parallelEfficiency, threads, jobs, steals }: ExecutorFigures): void {
  expect(threads).toBeGreaterThanOrEqual(1);
  expect(jobs).toBeGreaterThan(0);
  expect(steals).toBeGreaterThanOrEqual(0);
  expect(workMilliseconds).toBeGreaterThan(0);
  expect(parallelEfficiency).toBeCloseTo(workMilliseconds / wallMilliseconds, 1);
  // A job that began before or ended behind is counted as a whole.
  expect(parallelEfficiency).toBeLessThan(threads + 0.5);
}

describe('what the threads did', () => {
  it('is told by a run that is asked for it, and by no other', async () => {
    const line = pipeline(Registry.of(fastcdc, blake3, zstd))
      .chunk('fastcdc')
      .hash('blake3')
      .compress('zstd');
    const { executor } = await line.run(data, { figures: true }).summary();
    expectFigures(executor as ExecutorFigures);
    expect((await line.run(data).summary()).executor).toBeUndefined();
  });

  it('is told by scan --json', async () => {
    const { text } = await shell(`chunker scan --json ${process.execPath}`);
    expectFigures((JSON.parse(text) as { executor: ExecutorFigures }).executor);
    // To the thousandth: no number that was measured has more digits than mean something.
    expect(text.match(/\d+\.\d{4,}/g)).toBeNull();
    expect(text).toMatch(/"seconds":\d+(\.\d+)?,/);
  });
});
