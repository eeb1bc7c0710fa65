import { type Algorithm, type KernelKind, parseSpec, type Registered, type Registry } from '@chunker/core';
import { type BenchResult, bench as measure } from '@chunker/conformance/bench';
import { openRegistry } from '../algorithms.js';
import type { Context } from '../context.js';
import { usageError } from '../failure.js';
import { readWhole } from '../files.js';
import { formatBytes, parseSize } from '../sizes.js';

export interface BenchOptions {
  readonly data?: string;
  readonly size?: string;
  readonly time: string;
}

/** One to measure: what was written, and what it means. */
interface Entrant {
  readonly spec: string;
  readonly algorithm: Algorithm;
  readonly options: object;
}

/** More would be measured one call at a time for minutes. */
const MOST_BYTES = 1024 ** 3;

/** `chunker bench`: algorithms on the same data, in turns, after their outputs were checked. */
export async function bench(context: Context, operands: readonly string[], options: BenchOptions): Promise<void> {
  const minTime = parseSeconds(options.time) * 1000;
  const data = await dataOf(context, options);
  const { registry } = await openRegistry(context);
  const kernel = context.options.kernel === 'auto' ? undefined : (context.options.kernel as KernelKind | undefined);
  const entrants = await entrantsOf(registry, operands, kernel);
  const settings = { minTime, signal: context.signal, ...(data === undefined ? {} : { data }), ...(kernel === undefined ? {} : { kernels: [kernel] }) };
  context.showProgress(() => ({ label: `bench ${entrants.map(({ spec }) => spec).join(' ')}`, bytes: 0 }));
  const results: BenchResult[] = [];
  for (const heat of heatsOf(entrants)) {
    const named = Object.fromEntries(heat.map(({ algorithm, options: given }) => [algorithm.name, given]));
    const measured = await measure(
      heat.map(({ algorithm }) => algorithm),
      { ...settings, options: named },
    );
    results.push(
      ...measured.map((result) => ({ ...result, algorithm: heat.find(({ algorithm }) => algorithm.name === result.algorithm)?.spec ?? result.algorithm })),
    );
  }
  await context.hideProgress();
  await (context.json ? context.document(results) : print(context, results));
}

async function dataOf(context: Context, { data, size }: BenchOptions): Promise<Uint8Array | undefined> {
  if (data !== undefined && size !== undefined) throw usageError('--data and --size: one of them');
  if (data !== undefined) {
    const bytes = await readWhole(data, '--data', MOST_BYTES, context.signal);
    if (bytes.length === 0) throw usageError('--data: there is nothing to measure on');
    return bytes;
  }
  if (size === undefined) return undefined;
  const bytes = parseSize(size, '--size');
  if (bytes < 1 || bytes > MOST_BYTES) throw usageError('--size must be from 1 byte to 1 GiB');
  return generated(bytes);
}

/** Half noise, half words that repeat: it compresses as mixed files do. The same bytes every time. */
function generated(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = (i & 8192) === 0 ? state >>> 24 : 97 + ((state >>> 24) % 3) * ((i >> 3) & 7);
  }
  return bytes;
}

/** What was named, or all of the registry; with a forced kernel, all that have it. */
async function entrantsOf(registry: Registry, operands: readonly string[], kernel: KernelKind | undefined): Promise<Entrant[]> {
  const all = registry.list();
  if (operands.length === 0) {
    const able = all.filter(({ kernels }) => kernel === undefined || kernels.includes(kernel));
    return able.map(({ name, algorithm }) => ({ spec: name, algorithm, options: {} }));
  }
  const entrants: Entrant[] = [];
  for (const spec of new Set(operands)) {
    // Refuses what is unknown, and options that the algorithm does not have.
    await registry.parse(spec);
    const { name, options } = parseSpec(spec);
    const { algorithm } = all.find((entry) => entry.name === name) as Registered;
    entrants.push({ spec, algorithm, options });
  }
  return entrants;
}

/** Those that are measured in turns: an algorithm is among them with one set of options. */
function heatsOf(entrants: readonly Entrant[]): Entrant[][] {
  const heats: Entrant[][] = [];
  for (const entrant of entrants) {
    const free = heats.find((heat) => heat.every(({ algorithm }) => algorithm.name !== entrant.algorithm.name));
    if (free === undefined) heats.push([entrant]);
    else free.push(entrant);
  }
  return heats;
}

function parseSeconds(text: string): number {
  const seconds = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= 0.01 && seconds <= 600) return seconds;
  throw usageError(`--time must be from 0.01 to 600 seconds, not '${text.slice(0, 64)}'`);
}

async function print(context: Context, results: readonly BenchResult[]): Promise<void> {
  const name = Math.max(9, ...results.map(({ algorithm }) => algorithm.length));
  for (const bytes of new Set(results.map((result) => result.bytes))) {
    await context.line(`${formatBytes(bytes)}`);
    for (const { algorithm, kernel, operation, bytesPerSecond } of results.filter((result) => result.bytes === bytes))
      await context.line(
        `  ${context.out.name(algorithm.padEnd(name))}  ${kernel.padEnd(11)}  ${operation.padEnd(10)}  ${`${formatBytes(bytesPerSecond)}/s`.padStart(12)}`,
      );
  }
}
