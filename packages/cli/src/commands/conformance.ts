import { checkConformance, type LawResult } from '@chunker/conformance';
import type { Algorithm } from '@chunker/core';
import { openRegistry } from '../algorithms.js';
import type { Context } from '../context.js';
import { usageError } from '../failure.js';
import type { Plugin } from '../plugins.js';
import { parseCount } from '../sizes.js';

export interface ConformanceOptions {
  readonly runs: string;
  readonly seed?: string;
}

/** `chunker conformance`: the laws against the algorithms of packages, or against single algorithms by name; without operands against all. */
export async function conformance(context: Context, operands: readonly string[], options: ConformanceOptions): Promise<void> {
  const runs = parseCount(options.runs, '--runs', 1, 1_000_000);
  const seed = options.seed === undefined ? {} : { seed: parseCount(options.seed, '--seed', 0, 0x7fff_ffff) };
  const { plugins } = await openRegistry(context, { packages: packagesAmong(operands) });
  const chosen = choose(plugins, operands);
  const results: LawResult[] = [];
  let now = '';
  context.showProgress(() => ({ label: `${results.length} laws checked  ${now}`, bytes: 0 }));
  for (const algorithm of chosen) {
    now = algorithm.name;
    results.push(...(await checkConformance(algorithm, { runs, ...seed, onResult: () => context.signal.throwIfAborted() })));
    context.signal.throwIfAborted();
  }
  await context.hideProgress();
  if (context.json) await context.document(results);
  else await print(context, results);
  for (const { passed } of results) if (!passed) context.countFailure();
}

/** What no algorithm's name could be is loaded as a plugin: a scope, a folder. Any other word is left to `choose`. */
function packagesAmong(operands: readonly string[]): string[] {
  return operands.filter((operand) => /[/\\]|^\.{1,2}$/.test(operand));
}

function choose(plugins: readonly Plugin[], operands: readonly string[]): Algorithm[] {
  if (operands.length === 0) return plugins.flatMap((plugin) => [...plugin.algorithms]);
  return operands.flatMap((operand) => {
    const plugin = plugins.find((one) => one.package === operand || one.asked === operand);
    if (plugin !== undefined) return [...plugin.algorithms];
    const named = plugins.flatMap((one) => one.algorithms.filter((algorithm) => algorithm.name === operand));
    if (named.length === 0)
      throw usageError(`'${operand}' is neither a plugin that was loaded nor a registered algorithm (a package without a scope: --plugin ${operand})`);
    return named;
  });
}

async function print(context: Context, results: readonly LawResult[]): Promise<void> {
  const groups = new Map<string, LawResult[]>();
  for (const result of results) {
    const key = `${result.algorithm}  ${result.kernel}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  for (const [key, laws] of groups) {
    const broken = laws.filter((law) => !law.passed);
    await context.line(`${broken.length === 0 ? 'ok    ' : 'BROKEN'}  ${key.padEnd(28)} ${laws.length - broken.length} of ${laws.length} laws`);
    for (const { law, counterexample } of broken) await context.line(`          ${law}: ${context.out.name(counterexample ?? '')}`);
  }
}
