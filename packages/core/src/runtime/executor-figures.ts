/** What the executor's threads did since a measurement began. All that runs in the process counts, whoever began it. */
export interface ExecutorFigures {
  readonly wallMilliseconds: number;
  /** Time in jobs, of all threads together. */
  readonly workMilliseconds: number;
  /** Work time / wall time: near `threads` when they were busy all the time. */
  readonly parallelEfficiency: number;
  /** Threads of the common pool. */
  readonly threads: number;
  readonly jobs: number;
  /** Iterations of loops over many items that another thread took from the one that began the loop. */
  readonly steals: number;
}

/** A measurement of the executor, from its making to `end`. */
export interface ExecutorMeasurement {
  figures(): ExecutorFigures;
  /** Counts no longer; `figures` goes on to answer what it would have answered now. Twice is nothing. */
  end(): void;
}

/** What the native border offers: counts that only grow while somebody measures. */
export interface ExecutorCounters {
  measure(begin: boolean): void;
  /** Nanoseconds in jobs, jobs, stolen iterations, threads; empty where the executor does not count. */
  counts(): readonly number[];
}

const COUNTERS = Symbol.for('chunker.executor-counters.1');

type Shared = { [COUNTERS]?: ExecutorCounters };

/** Called by the native border when it is there. */
export function offerExecutorCounters(counters: ExecutorCounters): void {
  (globalThis as Shared)[COUNTERS] ??= counters;
}

/**
 * Begins to measure what the executor's threads do. Undefined where no native kernel was loaded, so that there is no executor. While nobody measures, counting costs a job next to nothing.
 */
export function measureExecutor(): ExecutorMeasurement | undefined {
  const counters = (globalThis as Shared)[COUNTERS];
  if (counters === undefined || counters.counts().length === 0) return undefined;
  counters.measure(true);
  const began = performance.now();
  const [work, jobs, steals] = counters.counts() as [number, number, number];
  const figures = (): ExecutorFigures => {
    const now = counters.counts() as [number, number, number, number];
    const wallMilliseconds = performance.now() - began;
    const workMilliseconds = (now[0] - work) / 1e6;
    return {
      wallMilliseconds,
      workMilliseconds,
      parallelEfficiency: wallMilliseconds > 0 ? workMilliseconds / wallMilliseconds : 0,
      threads: now[3],
      jobs: now[1] - jobs,
      steals: now[2] - steals,
    };
  };
  let last: ExecutorFigures | undefined;
  return {
    figures: () => last ?? figures(),
    end() {
      if (last !== undefined) return;
      last = figures();
      counters.measure(false);
    },
  };
}
