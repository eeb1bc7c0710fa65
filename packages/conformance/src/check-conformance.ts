import type { Algorithm, KernelKind } from '@chunker/core';
import { BrokenLaw } from './broken-law.js';
import { lawsOf } from './laws-of.js';
import type { LawSettings } from './settings.js';

/** What one law found; the lines of `chunker conformance --json`, and of the report that a plugin may publish. */
export interface LawResult {
  readonly law: string;
  readonly algorithm: string;
  readonly kernel: KernelKind;
  readonly passed: boolean;
  /** What was found, with the smallest input that shows it, and seed and path to see it again. */
  readonly counterexample?: string;
}

/**
 * Holds algorithms to their laws, one after the other, and tells what was found: never throws for a broken law. Rejects where an algorithm cannot be taken. `onResult` is called as results come, for
 * progress.
 */
export async function checkConformance(
  definitions: Algorithm | readonly Algorithm[],
  settings: LawSettings & { readonly onResult?: (result: LawResult) => void } = {},
): Promise<LawResult[]> {
  const results: LawResult[] = [];
  for (const definition of [definitions].flat() as Algorithm[]) {
    for (const { law, algorithm, kernel, run } of await lawsOf(definition, settings)) {
      const counterexample = await run().then(() => undefined, inWords);
      const result: LawResult = { law, algorithm, kernel, passed: counterexample === undefined, ...(counterexample === undefined ? {} : { counterexample }) };
      settings.onResult?.(result);
      results.push(result);
    }
  }
  return results;
}

function inWords(error: unknown): string {
  if (error instanceof BrokenLaw) return error.counterexample;
  return error instanceof Error ? error.message : String(error);
}
