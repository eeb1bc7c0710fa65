import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineChunker, defineCodec, isChunkerError } from '@chunker/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BrokenLaw, checkConformance, describeLaws, LAWS, type LawTest, lawsOf } from '../src/index.js';
import { encodeFrame, FRAMES } from './gallery/frames.js';
import { gearCutter, options } from './gallery/gear.js';

const forgetful = defineCodec({ name: 'forgetful', ...FRAMES, compress: (data) => encodeFrame(data.length > 9 ? data.subarray(0, -1) : data) });
const sound = defineCodec({ name: 'frames', ...FRAMES });

async function brokenLaw(only: string, settings: object = {}): Promise<BrokenLaw> {
  const [law] = await lawsOf(forgetful, { only, seed: 5, ...settings });
  const error = await (law as LawTest).run().catch((thrown: unknown) => thrown);
  if (!(error instanceof BrokenLaw)) throw new Error('the law was not broken');
  return error;
}

describe('a broken law', () => {
  test('quotes the promise, and shows what was found, the smallest input and the way back', async () => {
    const error = await brokenLaw('codec.round-trip');
    expect(error.message).toMatch(
      /^codec\.round-trip: 'forgetful' \(js kernel\) does not keep its promise\n {2}promise: `compress` returns data that `decompress` turns back/,
    );
    expect(error.message).toContain('10 bytes expected, 9 found; they differ from byte 9');
    expect(error.message).toMatch(/with: {4}10 bytes of zeros \(seed 0\) \[00 00|with: {4}10 bytes \[00 00/);
    expect(error.message).toContain(`seed: 5, path: '${error.path}'`);
    expect(error).toMatchObject({ law: 'codec.round-trip', algorithm: 'forgetful', kernel: 'js', seed: 5 });
    expect(error.message.length).toBeLessThan(800);
  });

  test('is found again by seed and path at once', async () => {
    const error = await brokenLaw('codec.round-trip');
    const again = await brokenLaw('codec.round-trip', { path: error.path, runs: 1 });
    expect(again.counterexample.split('\n').slice(0, 2)).toEqual(error.counterexample.split('\n').slice(0, 2));
  });

  test('is found with any seed', async () => {
    for (const seed of [1, 2, 3, -4]) expect((await brokenLaw('codec.round-trip', { seed })).seed).toBe(seed);
  });
});

describe('lawsOf', () => {
  test('lists the laws of guarantees only where they are given', async () => {
    const without = defineCodec({ name: 'modest', compress: (data) => data, decompress: (data) => data });
    const names = async (definition: typeof sound | typeof without) => new Set((await lawsOf(definition)).map(({ law }) => law));
    const [all, few] = [await names(sound), await names(without as never)];
    for (const law of ['codec.truncation', 'codec.bit-flips', 'codec.concatenation', 'codec.determinism', 'codec.recognition']) {
      expect([law, all.has(law), few.has(law)]).toEqual([law, true, false]);
    }
  });

  test('refuses a law that there is not, and a kernel that does not work', async () => {
    await expect(lawsOf(sound, { only: 'codec.round-tripp' })).rejects.toThrow(/there is no law 'codec\.round-tripp'.*codec\.round-trip/);
    const error = await lawsOf(sound, { kernels: ['wasm'] }).catch((thrown: unknown) => thrown);
    expect(isChunkerError(error, 'algorithm_unavailable')).toBe(true);
  });

  test('refuses to check a plugin none of whose kernels works', async () => {
    const broken = defineChunker({ name: 'unloadable', options, kernels: { js: () => Promise.reject(new Error('no such file')) } });
    await expect(lawsOf(broken)).rejects.toThrow(/no such file/);
    const working = defineChunker({
      name: 'partly',
      options,
      kernels: { native: () => Promise.reject(new Error('no')), js: async () => ({ cutter: () => gearCutter() }) },
    });
    expect(new Set((await lawsOf(working)).map(({ kernel }) => kernel))).toEqual(new Set(['js']));
  });

  test('every law has an id of its kind and a promise in words', () => {
    for (const [kind, laws] of Object.entries(LAWS)) {
      for (const law of laws) {
        expect(law.id).toMatch(new RegExp(`^${kind}\\.[a-z]+(-[a-z]+)*$`));
        expect(law.promise).toMatch(/\.$/);
      }
    }
  });
});

describe('checkConformance', () => {
  test('gives a report that can be written to a file', async () => {
    const seen: string[] = [];
    const report = await checkConformance([sound, forgetful], { seed: 3, runs: 8, onResult: ({ law }) => seen.push(law) });
    expect(seen).toEqual(report.map(({ law }) => law));
    const folder = mkdtempSync(join(tmpdir(), 'chunker-conformance-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'conformance.json');
    writeFileSync(file, JSON.stringify(report, undefined, 2));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(report);
    expect(report.filter(({ algorithm }) => algorithm === 'frames').every(({ passed }) => passed)).toBe(true);
    const [failed, ...others] = report.filter(({ passed }) => !passed);
    expect(others).toEqual([]);
    expect(failed).toEqual({
      law: 'codec.round-trip',
      algorithm: 'forgetful',
      kernel: 'js',
      passed: false,
      counterexample: expect.stringContaining('seed: 3'),
    });
  });
});

describe('describeLaws', () => {
  test('registers one test for each law', async () => {
    const tests = new Map<string, () => Promise<void>>();
    const suites: string[] = [];
    const runner = {
      describe(name: string, body: () => void) {
        suites.push(name);
        body();
      },
      test: (name: string, body: () => Promise<void>) => void tests.set(name, body),
    };
    await describeLaws(forgetful, runner, { seed: 1 });
    expect(suites).toEqual(['forgetful keeps the laws of a codec']);
    expect([...tests.keys()]).toEqual((await lawsOf(forgetful)).map(({ name }) => name));
    await expect(tests.get('codec.round-trip (js)')?.()).rejects.toThrow(BrokenLaw);
    await tests.get('codec.truncation (js)')?.();
  });
});

// As a stranger's test file has it, in this very runner.
await describeLaws(sound, { describe, test });
