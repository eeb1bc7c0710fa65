import { existsSync, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { measured } from './sizes.js';

/** Limits that the system sets for this process; absent where there is none or it cannot be told. */
export interface Limits {
  /** CPUs that a cgroup quota pays for. */
  readonly cgroupCpus?: number;
  readonly cgroupMemoryBytes?: number;
  readonly memoryBytes: number;
  readonly openFiles?: number;
}

/** An accelerator that was looked for. */
export interface Accelerator {
  readonly name: string;
  readonly present: boolean;
  readonly reason?: string;
}

export function limits(): Limits {
  const quota = read('/sys/fs/cgroup/cpu.max')?.split(' ');
  const cpus = quota === undefined || quota[0] === 'max' ? quotaOfVersion1() : Number(quota[0]) / Number(quota[1]);
  const memory = Number(read('/sys/fs/cgroup/memory.max') ?? read('/sys/fs/cgroup/memory/memory.limit_in_bytes'));
  const files = Number(/^Max open files\s+(\d+)/m.exec(read('/proc/self/limits') ?? '')?.[1]);
  return {
    ...(cpus === undefined ? {} : measured({ cgroupCpus: cpus })),
    ...(memory > 0 && memory < os.totalmem() ? { cgroupMemoryBytes: memory } : {}),
    memoryBytes: os.totalmem(),
    ...(Number.isNaN(files) ? {} : { openFiles: files }),
  };
}

/** No kernel of ours drives these yet; what is there is told all the same. */
export function accelerators(): Accelerator[] {
  const qat = names('/dev').some((name) => name.startsWith('qat'));
  const nvidia = existsSync('/proc/driver/nvidia/version');
  return [
    { name: 'Intel QAT', present: qat, ...(qat ? {} : { reason: 'no device qat*' }) },
    { name: 'NVIDIA', present: nvidia, ...(nvidia ? {} : { reason: 'no driver is loaded' }) },
  ];
}

function quotaOfVersion1(): number | undefined {
  const quota = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'));
  const period = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_period_us'));
  return quota > 0 && period > 0 ? quota / period : undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
