import type { Algorithm, KernelKind, Registry } from '@chunker/core';
import { Bench } from 'tinybench';
import { sameBytes } from '../bytes.js';
import { Sample } from '../inputs/sample.js';
import { subjectsOf } from '../take.js';
import { answerOf, type Work, WrongOutput, worksOf } from './operations.js';

/** What is measured, and on what. */
export interface BenchSettings {
  /** Plain data to work on, one or several sizes. Default: generated data that half compress, of 4 KiB, 64 KiB and 1 MiB. */
  readonly data?: Uint8Array | readonly Uint8Array[];
  /** Milliseconds for each operation on each size, all rounds together. Default 300. */
  readonly minTime?: number;
  /** How often all operations take turns. Default 3: the median of the rounds counts. */
  readonly rounds?: number;
  /** Options by name of the algorithm; default each one's own. */
  readonly options?: Readonly<Record<string, object>>;
  /** Kernels to measure; default every one that works here. */
  readonly kernels?: readonly KernelKind[];
  /** Ends the measurement within a tenth of a second of its abort, unless a single call takes longer. */
  readonly signal?: AbortSignal;
}

/** One operation of one algorithm; the lines of `chunker bench --json`. `bytes` is the size of the plain data. */
export interface BenchResult {
  readonly algorithm: string;
  readonly kernel: KernelKind;
  readonly operation: string;
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

interface Contestant extends Work {
  readonly algorithm: string;
  readonly kernel: KernelKind;
  readonly rates: number[];
}

const PAUSE_EVERY_MS = 50;
const SIZES = [4096, 65_536, 1 << 20] as const;

/**
 * Measures every algorithm of a registry, or of a list, the same way: on the same data, through the same asynchronous doors, in turns, after its outputs were checked. Rates are bytes of plain data per
 * second. Other tasks of the event loop have their turn between calls. Rejects with `WrongOutput` where an algorithm does not do its job, with the signal's reason where that aborts.
 */
export async function bench(source: Registry | Algorithm | readonly Algorithm[], settings: BenchSettings = {}): Promise<BenchResult[]> {
  const contestants = (await Promise.all(algorithmsOf(source).map((definition) => contestantsOf(definition, settings)))).flat();
  const rounds = settings.rounds ?? 3;
  const time = (settings.minTime ?? 300) / rounds;
  for (let round = 0; round < rounds; round++) await takeTurns(contestants, time, round === 0, settings.signal);
  return contestants.map(({ algorithm, kernel, operation, bytes, rates }) => ({
    algorithm,
    kernel,
    operation,
    bytes,
    bytesPerSecond: Math.round(median(rates)),
  }));
}

function algorithmsOf(source: Registry | Algorithm | readonly Algorithm[]): Algorithm[] {
  if ('list' in source && typeof source.list === 'function') return source.list().map((entry) => entry.algorithm);
  return [source].flat() as Algorithm[];
}

async function contestantsOf(definition: Algorithm, settings: BenchSettings): Promise<Contestant[]> {
  const options = settings.options?.[definition.name];
  const subjects = await subjectsOf(definition, { ...(options && { options }), ...(settings.kernels && { kernels: settings.kernels }) });
  const all: Contestant[] = [];
  for (const data of dataOf(settings)) {
    let agreed: Uint8Array | undefined;
    for (const { algorithm } of subjects) {
      const { name, kernel } = algorithm;
      const answer = await answerOf(definition.kind, algorithm, data);
      if (agreed !== undefined && answer !== undefined && !sameBytes(agreed, answer))
        throw new WrongOutput(`the kernels of ${name} disagree: they are not timed`);
      agreed ??= answer;
      const works = await worksOf(definition.kind, algorithm, data);
      all.push(...works.map((work) => ({ ...work, algorithm: name, kernel, rates: [] })));
    }
  }
  return all;
}

function dataOf({ data }: BenchSettings): readonly Uint8Array[] {
  if (data === undefined) return SIZES.map((size) => Sample.recipe('mixed', size, 1).fresh());
  return data instanceof Uint8Array ? [data] : data;
}

/** Each contestant once, one after the other: what slows the machine down for a while hits all alike. */
async function takeTurns(contestants: readonly Contestant[], time: number, warmup: boolean, signal: AbortSignal | undefined): Promise<void> {
  const pause = pauses(signal);
  const turns = new Bench({ time, iterations: 3, warmup, warmupTime: time / 4, warmupIterations: 2, throws: true });
  for (const [i, { run }] of contestants.entries()) turns.add(String(i), async () => void (await run()), { beforeEach: pause });
  for (const task of await turns.run()) {
    const contestant = contestants[Number(task.name)];
    const { result } = task;
    if (contestant === undefined || !('latency' in result)) throw new Error(`a measurement did not end: it is ${result.state}`);
    contestant.rates.push((contestant.bytes * 1000) / result.latency.p50);
  }
}

/** Calls that end at once never let the event loop go on: then no timer and no signal would come through. Between two calls, so that it is not timed. */
function pauses(signal: AbortSignal | undefined): () => Promise<void> | void {
  let last = performance.now();
  return () => {
    signal?.throwIfAborted();
    if (performance.now() - last < PAUSE_EVERY_MS) return undefined;
    return new Promise((resolve) => {
      setTimeout(() => {
        last = performance.now();
        resolve();
      });
    });
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
