import { ChunkerError } from '../errors/index.js';
import type { Addon } from './addon.js';

/** Settings of the default pool; what is left out stays as it is. */
export interface ExecutorSettings {
  /** Threads; 0 decides again by CHUNKER_THREADS, RAYON_NUM_THREADS, affinity and cgroup quota. */
  readonly threads?: number;
  /** Nice level of its threads, 0 to 19; default `CHUNKER_NICE`, else 5. Higher: the event loop goes before them sooner, busy neighbours leave them less. Going back down may need a privilege. */
  readonly nice?: number;
  /** CPUs left free for the event loop when affinity or quota decide. */
  readonly reserveCpus?: number;
  /** Bytes of slabs kept for reuse; default 64 MiB. */
  readonly spareSlabBytes?: number;
}

/** The executor as it is now. */
export interface ExecutorInfo {
  readonly threads: number;
  /** Why that many: `setting`, `CHUNKER_THREADS`, `RAYON_NUM_THREADS`, `affinity` or `cgroup quota`. */
  readonly reason: string;
  /** Threads alive; 0 before the first job. */
  readonly running: number;
  readonly waiting: number;
  readonly isolatedPools: number;
  /** CPUs that the process may run on. */
  readonly affinity: number;
  /** CPUs that the cgroup quota pays for. */
  readonly quota: number | null;
  readonly nice: number;
  readonly reserveCpus: number;
  readonly slabBytes: number;
  readonly spareSlabBytes: number;
  readonly jobBytes: number;
  readonly peakBytes: number;
  /** False: this addon could not join the executor of the process and has one of its own. */
  readonly shared: boolean;
  /** True: the executor is this addon's code. */
  readonly ours: boolean;
  readonly major: number;
  /** Instruction sets, in Rust's spelling. */
  readonly cpu: readonly string[];
}

function setting(name: string, value: number | undefined, max: number): number {
  if (value === undefined) return -1;
  if (Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw new ChunkerError('invalid_input', { name, value: String(value), expected: `an integer from 0 to ${max}` });
}

/** Changes settings of the default pool of this process. @throws ChunkerError `invalid_input` */
export function configureExecutor(addon: Addon, settings: ExecutorSettings): void {
  addon.executorConfigure(
    setting('threads', settings.threads, 512),
    setting('nice', settings.nice, 19),
    setting('reserveCpus', settings.reserveCpus, 4096),
    setting('spareSlabBytes', settings.spareSlabBytes, Number.MAX_SAFE_INTEGER),
  );
}

/** The executor as this addon sees it. */
export function executorInfo(addon: Addon): ExecutorInfo {
  return JSON.parse(addon.executorInfo()) as ExecutorInfo;
}

/** Instruction sets of this CPU, as Rust detects them. */
export function cpuFeatures(addon: Addon): readonly string[] {
  return executorInfo(addon).cpu;
}

/** A queue of one's own: registries share threads fairly by having one each. In the pool of `sibling`, default the common one. */
export function createQueue(addon: Addon, sibling = 0): number {
  return addon.queueCreate(sibling);
}

/** An isolated pool: threads that nobody else uses. */
export interface IsolatedPool {
  /** A queue in it. */
  readonly queue: number;
  /** Ends the threads when the waiting jobs are done; later jobs of its queues run on the common pool. */
  destroy(): void;
}

/** Makes an isolated pool; without `threads` as many as the common one. @throws ChunkerError `invalid_input` */
export function createPool(addon: Addon, settings: Pick<ExecutorSettings, 'threads' | 'nice'> = {}): IsolatedPool {
  const threads = setting('threads', settings.threads ?? 0, 512);
  const queue = addon.poolCreate(threads, setting('nice', settings.nice, 19));
  return { queue, destroy: () => addon.poolDestroy(queue) };
}
