import type { AlgorithmKind, KernelKind } from '../contracts/index.js';
import { disown } from '../bytes/results.js';
import { METHODS, REQUIRED } from '../define/form.js';

type Operation = 'compress' | 'decompress' | 'hash' | 'chunk';

/** A kernel whose methods were read once and are bound to it. */
export interface BoundKernel<Methods = unknown> {
  readonly kind: KernelKind;
  readonly methods: Methods;
  /** The names of the methods that the author wrote. */
  readonly own: readonly string[];
  readonly placement: 'here' | 'away';
  /** Estimated nanoseconds for `bytes` bytes. */
  cost(operation: Operation, options: unknown, bytes: number): number;
  /** Estimated bytes of working memory of one call. */
  memory(operation: 'compress' | 'decompress', options: unknown, bytes: number): number;
  dispose(): Promise<void>;
}

/** Reads a loaded kernel. Throws an Error in words where something is missing: it becomes the reason why the kernel cannot be used. */
export function bindKernel(algorithm: AlgorithmKind, kind: KernelKind, kernel: unknown): BoundKernel {
  if (kernel === null || (typeof kernel !== 'object' && typeof kernel !== 'function')) throw new Error('its loader answered no kernel');
  const source = kernel as Readonly<Record<string, unknown>>;
  const methods: Record<string, unknown> = {};
  for (const name of METHODS[algorithm]) {
    const method = source[name];
    if (method === undefined) continue;
    if (typeof method !== 'function') throw new Error(`its ${name} is no function`);
    methods[name] = method.bind(kernel);
  }
  for (const name of REQUIRED[algorithm]) {
    if (methods[name] === undefined) throw new Error(`it has no ${name}()`);
  }
  const { placement = 'here', costPerByte, memory, dispose } = source;
  if (placement !== 'here' && placement !== 'away') throw new Error('its placement is neither here nor away');
  return {
    kind,
    methods,
    own: Object.keys(methods),
    placement,
    cost: costOf(kernel, costPerByte),
    memory: memoryOf(kernel, memory),
    async dispose() {
      if (typeof dispose === 'function') await dispose.call(kernel);
    },
  };
}

function costOf(kernel: object, costPerByte: unknown): BoundKernel['cost'] {
  if (typeof costPerByte !== 'function') return (_operation, _options, bytes) => bytes;
  return (operation, options, bytes) => {
    try {
      const cost: unknown = costPerByte.call(kernel, operation, options);
      disown(cost);
      // A cost that is no number must not send everything to one side: the default of 1 ns per byte.
      return (typeof cost === 'number' && cost >= 0 ? cost : 1) * bytes;
    } catch {
      return bytes;
    }
  };
}

function memoryOf(kernel: object, memory: unknown): BoundKernel['memory'] {
  if (typeof memory !== 'function') return () => 0;
  return (operation, options, inputBytes) => {
    try {
      const bytes: unknown = memory.call(kernel, operation, options, inputBytes);
      disown(bytes);
      return Number.isFinite(bytes) && (bytes as number) > 0 ? (bytes as number) : 0;
    } catch {
      return 0;
    }
  };
}
