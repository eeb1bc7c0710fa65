import type { Algorithm } from '@chunker/core';
import { lawsOf } from './laws-of.js';
import type { LawSettings } from './settings.js';

/** The two functions that every test runner has: vitest's, node:test's, mocha's (`it`), jest's. */
export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (name: string, body: () => Promise<void>, ...rest: never[]) => unknown;
}

/**
 * Registers one test for each law and kernel. Await it at the top of a test file: `await describeLaws(runs, { describe, test })`. Rejects where the algorithm cannot be taken.
 */
export async function describeLaws(definition: Algorithm, runner: Runner, settings: LawSettings = {}): Promise<void> {
  const tests = await lawsOf(definition, settings);
  runner.describe(`${definition.name} keeps the laws of a ${definition.kind}`, () => {
    for (const { name, run } of tests) runner.test(name, () => run());
  });
}
