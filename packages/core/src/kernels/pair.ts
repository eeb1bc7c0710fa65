import type { AlgorithmKind, Awaitable, Call, Cutter, HashState } from '../contracts/index.js';
import { isThenable } from '../bytes/results.js';
import type { BoundKernel } from './bound.js';

/** One operation that two kernels can do. `call` is absent in cutters, which have none. */
export interface Deed<T> {
  readonly operation: string;
  readonly bytes: number;
  readonly call?: Call;
  readonly first: () => Awaitable<T>;
  readonly second: () => Awaitable<T>;
  /** Checks the first one's result where results may differ and both be right: compressed data. */
  readonly confirm?: (result: T) => Awaitable<boolean>;
}

/** How two kernels work together: answers at once where both do. */
export type Policy = <T>(deed: Deed<T>) => Awaitable<T>;

type Method = (...parameters: unknown[]) => Awaitable<unknown>;
type Methods = Readonly<Record<string, Method | undefined>>;

/** A kernel made of two, operation by operation. */
export function pairKernels(kind: AlgorithmKind, first: BoundKernel, second: BoundKernel, policy: Policy): BoundKernel {
  const methods =
    kind === 'codec' ? pairCodecs(first, second, policy) : kind === 'hash' ? pairHashes(first, second, policy) : pairChunkers(first, second, policy);
  return {
    ...first,
    methods,
    own: Object.keys(methods).filter((name) => methods[name as keyof typeof methods] !== undefined),
    memory: (...parameters) => Math.max(first.memory(...parameters), second.memory(...parameters)),
  };
}

function pairCodecs(first: BoundKernel, second: BoundKernel, policy: Policy): object {
  const [a, b] = [first.methods as Methods, second.methods as Methods];
  const paired: Record<string, unknown> = {};
  for (const direction of ['compress', 'decompress'] as const) {
    for (const suffix of ['', 'Sync']) {
      const [one, other, back] = [callable(first, direction, suffix), callable(second, direction, suffix), callable(second, 'decompress', suffix)];
      if (one === undefined || other === undefined) continue;
      paired[direction + suffix] = (data: Uint8Array, options: unknown, call: Call) =>
        policy<unknown>({
          operation: direction,
          bytes: data.length,
          call,
          first: () => one(data, options, call),
          second: () => other(data, options, call),
          ...(direction === 'compress' && back !== undefined ? { confirm: (result: unknown) => turnsBack(back, result, data, options, call) } : {}),
        });
    }
  }
  for (const name of ['compressBound', 'inspect']) {
    const method = b[name] ?? a[name];
    if (method !== undefined) paired[name] = method;
  }
  // A bound that holds for both: either's result may be returned.
  if (a.compressBound !== undefined && b.compressBound !== undefined) {
    paired.compressBound = (...parameters: unknown[]) => Math.max(a.compressBound?.(...parameters) as number, b.compressBound?.(...parameters) as number);
  }
  return paired;
}

/** Compressed data are right when the trusted kernel makes the input of them again. */
function turnsBack(decompress: Method, result: unknown, data: Uint8Array, options: unknown, call: Call): Awaitable<boolean> {
  const limits = { maxOutputBytes: data.length, maxMemoryBytes: Number.POSITIVE_INFINITY, claim: () => {} };
  try {
    const plain = decompress(result, options, { ...call, allowTrailing: false, limits });
    if (!isThenable(plain)) return sameBytes(plain, data);
    return Promise.resolve(plain).then(
      (bytes) => sameBytes(bytes, data),
      () => false,
    );
  } catch {
    return false;
  }
}

function pairHashes(first: BoundKernel, second: BoundKernel, policy: Policy): object {
  const paired: Record<string, unknown> = {};
  for (const suffix of ['', 'Sync']) {
    const [one, other] = [callable(first, 'hash', suffix), callable(second, 'hash', suffix)];
    if (one === undefined || other === undefined) continue;
    paired[`hash${suffix}`] = (data: Uint8Array, options: unknown, call: Call) =>
      policy<unknown>({ operation: 'hash', bytes: data.length, call, first: () => one(data, options, call), second: () => other(data, options, call) });
  }
  const [one, other] = [(first.methods as Methods).create, (second.methods as Methods).create];
  if (one !== undefined && other !== undefined) {
    paired.create = (options: unknown, call: Call) => pairStates(one(options, call) as HashState, other(options, call) as HashState, call, policy);
  }
  return paired;
}

/** Both states are fed; their digests are compared, or the second's serves where the first has failed. */
function pairStates(first: HashState, second: HashState, call: Call, policy: Policy): HashState {
  let bytes = 0;
  let failed: unknown;
  return {
    async update(data) {
      bytes += data.length;
      try {
        if (failed === undefined) await first.update(data);
      } catch (error) {
        failed = error ?? new Error('it failed without a word');
      }
      await second.update(data);
    },
    digest: () =>
      policy<Uint8Array>({
        operation: 'digest',
        bytes,
        call,
        first: () => {
          if (failed !== undefined) throw failed;
          return first.digest();
        },
        second: () => second.digest(),
      }),
    ...(first.clone === undefined || second.clone === undefined
      ? {}
      : { clone: () => pairStates((first.clone as () => HashState)(), (second.clone as () => HashState)(), call, policy) }),
    dispose() {
      first.dispose?.();
      second.dispose?.();
    },
  };
}

function pairChunkers(first: BoundKernel, second: BoundKernel, policy: Policy): object {
  const [one, other] = [(first.methods as Methods).cutter as Method, (second.methods as Methods).cutter as Method];
  return {
    cutter(options: unknown): Cutter {
      const trusted = other(options) as Cutter;
      const fast = one(options) as Cutter;
      const { minSize, maxSize, reach, targetSize } = trusted;
      return {
        minSize,
        maxSize,
        ...(reach === undefined ? {} : { reach }),
        ...(targetSize === undefined ? {} : { targetSize }),
        nextCut: (window) =>
          policy<number>({ operation: 'chunk', bytes: window.length, first: () => fast.nextCut(window), second: () => trusted.nextCut(window) }) as number,
        dispose() {
          fast.dispose?.();
          trusted.dispose?.();
        },
      };
    },
  };
}

/** The method, or what serves in its place: a kernel that is here answers synchronously by its plain method, if at all. */
function callable(kernel: BoundKernel, name: string, suffix: string): Method | undefined {
  const methods = kernel.methods as Methods;
  if (suffix === '') return methods[name];
  return methods[name + suffix] ?? (kernel.placement === 'here' ? methods[name] : undefined);
}

/** True where two results are the same bytes, lengths or numbers. */
export function sameBytes(a: unknown, b: unknown): boolean {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) return Object.is(a, b);
  if (a.byteLength !== b.byteLength) return false;
  const [one, other] = [new Uint8Array(a.buffer, a.byteOffset, a.byteLength), new Uint8Array(b.buffer, b.byteOffset, b.byteLength)];
  return one.every((byte, index) => byte === other[index]);
}
