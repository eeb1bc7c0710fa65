import type { KernelKind } from '../contracts/index.js';
import type { Definition } from '../define/definition.js';
import { type BoundKernel, bindKernel } from './bound.js';

interface Entry {
  readonly kernel: Promise<BoundKernel>;
  leases: number;
}

// Kernels are shared by all registries of the process: each holds a lease, and the last one to go disposes.
const loaded = new WeakMap<Definition, Map<KernelKind, Entry>>();

/** The right to use a loaded kernel until `release`. */
export interface KernelLease {
  readonly kernel: BoundKernel;
  release(): Promise<void>;
}

/** Loads one kernel, or takes the one that is loaded. A failed load is not remembered: the next taking tries again. */
export async function leaseKernel(definition: Definition, kind: KernelKind): Promise<KernelLease> {
  const kinds = loaded.get(definition) ?? new Map<KernelKind, Entry>();
  loaded.set(definition, kinds);
  const entry = kinds.get(kind) ?? { kernel: load(definition, kind), leases: 0 };
  kinds.set(kind, entry);
  entry.leases++;
  try {
    const kernel = await entry.kernel;
    return { kernel, release: once(() => giveBack(kinds, kind, entry, kernel)) };
  } catch (error) {
    entry.leases--;
    if (kinds.get(kind) === entry) kinds.delete(kind);
    throw error;
  }
}

async function load(definition: Definition, kind: KernelKind): Promise<BoundKernel> {
  const answer = await definition.loaders.get(kind)?.load();
  if (kind === 'wasm' && isWasmKernel(answer)) {
    const { adaptWasmKernel } = await import('../wasm/index.js');
    return bindKernel(definition.kind, kind, await adaptWasmKernel(definition, answer));
  }
  return bindKernel(definition.kind, kind, answer);
}

function isWasmKernel(kernel: unknown): kernel is { module: WebAssembly.Module; encode(options: unknown, handles: unknown): Uint8Array } {
  return kernel !== null && typeof kernel === 'object' && 'module' in kernel && typeof (kernel as { encode?: unknown }).encode === 'function';
}

async function giveBack(kinds: Map<KernelKind, Entry>, kind: KernelKind, entry: Entry, kernel: BoundKernel): Promise<void> {
  entry.leases--;
  if (entry.leases > 0) return;
  if (kinds.get(kind) === entry) kinds.delete(kind);
  await kernel.dispose();
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done = false;
  return async () => {
    if (done) return;
    done = true;
    await action();
  };
}
