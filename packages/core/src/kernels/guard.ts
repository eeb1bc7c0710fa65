import type { Definition } from '../define/definition.js';
import { RegistryError } from '../errors/index.js';
import type { Scope } from '../scope/scope.js';
import type { Verification } from '../scope/settings.js';
import type { BoundKernel } from './bound.js';
import type { KernelOrder } from './choice.js';
import { KernelCounters } from './counters.js';
import { fallingBack } from './falling-back.js';
import { pairKernels } from './pair.js';
import { selectKernel, tryKernel } from './select.js';
import { verifying } from './verifying.js';

type Keep = (release: () => Promise<void>, held?: object) => void;

/**
 * The kernel as it is, or with another behind it: behind an accelerator the next kernel, which carries on where the accelerator fails; with `verify` a trusted kernel that results are compared with. Guarded kernels offer the
 * plain operations only, so that every derived one goes through the guard.
 */
export async function guardKernel(
  definition: Definition,
  kernel: BoundKernel,
  order: KernelOrder,
  verify: Verification | undefined,
  scope: Scope,
  keep: Keep,
): Promise<BoundKernel> {
  const guarded = kernel.kind === 'accelerator' ? await withNext(definition, kernel, order, scope, keep) : kernel;
  if (verify === undefined || verify.kind === kernel.kind) return guarded;
  const trusted = await tryKernel(definition, verify.kind);
  if ('reason' in trusted) {
    const tried = [{ kind: verify.kind, available: false, chosen: false, reason: `to verify with: ${trusted.reason}` }];
    throw new RegistryError('algorithm_unavailable', { kind: definition.kind, name: definition.name, tried });
  }
  keep(trusted.release, trusted.kernel);
  return pairKernels(
    definition.kind,
    guarded,
    trusted.kernel,
    verifying(definition, guarded, trusted.kernel, verify.every ?? 1, scope, countersOf(definition, scope)),
  );
}

async function withNext(definition: Definition, kernel: BoundKernel, order: KernelOrder, scope: Scope, keep: Keep): Promise<BoundKernel> {
  try {
    const { lease } = await selectKernel(definition, order, 'accelerator');
    keep(lease.release, lease.kernel);
    return pairKernels(definition.kind, kernel, lease.kernel, fallingBack(definition, scope, countersOf(definition, scope)));
  } catch {
    // Nothing carries on behind it: its failures are the caller's.
    return kernel;
  }
}

function countersOf(definition: Definition, scope: Scope): KernelCounters {
  const counters = scope.counters.get(definition) ?? new KernelCounters();
  scope.counters.set(definition, counters);
  return counters;
}
