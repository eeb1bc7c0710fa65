import type { Algorithm } from '@chunker/core';
import { lawsOf } from './laws-of.js';
import type { LawSettings } from './settings.js';

/** The two functions that every test runner has: vitest's, node:test's, mocha's (`it`), jest's. */
export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (name: string, body: () => Promise<void>, ...rest: never[]) => unknown;
}

/** A law looks at many inputs, some of them large; runners that have a limit of their own (vitest's is 5 s) take this for it, as a third argument. */
const LAW_TIMEOUT_MS = 120_000;

/**
 * Registers one test for each law and kernel. Await it at the top of a test file: `await describeLaws(runs, { describe, test })`. Rejects where the algorithm cannot be taken.
 */
export async function describeLaws(definition: Algorithm, runner: Runner, settings: LawSettings = {}): Promise<void> {
  const tests = await lawsOf(definition, settings);
  runner.describe(`${definition.name} keeps the laws of a ${definition.kind}`, () => {
    const test = runner.test as (name: string, body: () => Promise<void>, timeoutMs: number) => unknown;
    for (const { name, run } of tests) test(name, () => run(), LAW_TIMEOUT_MS);
  });
}
