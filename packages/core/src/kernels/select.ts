import type { KernelKind, KernelReport } from '../contracts/index.js';
import type { Definition } from '../define/definition.js';
import { describeThrown } from '../errors/areas.js';
import { RegistryError } from '../errors/index.js';
import type { KernelOrder } from './choice.js';
import { type KernelLease, leaseKernel } from './loaded.js';

/** The kernel that serves, and what was tried before it. */
export interface Selection {
  readonly lease: KernelLease;
  readonly reports: readonly KernelReport[];
}

/** Tries the kernels in order: probe, then load. Throws `algorithm_unavailable`, naming every kernel tried and why it failed. */
export async function selectKernel(definition: Definition, order: KernelOrder, skip?: KernelKind): Promise<Selection> {
  const reports: KernelReport[] = [];
  for (const kind of order.kinds) {
    if (kind === skip) continue;
    const tried = await tryKernel(definition, kind);
    if ('kernel' in tried) return { lease: tried, reports: [...reports, { kind, available: true, chosen: true }] };
    if (order.forced || definition.loaders.has(kind)) reports.push({ kind, available: false, chosen: false, reason: tried.reason });
  }
  throw new RegistryError('algorithm_unavailable', { kind: definition.kind, name: definition.name, tried: reports });
}

/** One kernel: a lease of it, or the reason why there is none. Never rejects. */
export async function tryKernel(definition: Definition, kind: KernelKind): Promise<KernelLease | { readonly reason: string }> {
  const loader = definition.loaders.get(kind);
  if (loader === undefined) return { reason: 'there is none' };
  try {
    const probed = await loader.probe?.();
    if (probed !== undefined && probed.available !== true) return { reason: String(probed.reason ?? 'its probe says no').slice(0, 500) };
  } catch (thrown) {
    return { reason: `its probe failed: ${describeThrown(thrown)}` };
  }
  try {
    return await leaseKernel(definition, kind);
  } catch (thrown) {
    return { reason: describeThrown(thrown) };
  }
}
