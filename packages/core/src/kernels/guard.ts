import type { Definition } from '../define/definition.js';
import type { Scope } from '../scope/scope.js';
import type { Verification } from '../scope/settings.js';
import type { BoundKernel } from './bound.js';
import type { KernelOrder } from './choice.js';

/** The kernel as it is, or with another behind it: one that carries on where an accelerator fails, one that its results are compared with. */
export async function guardKernel(
  _definition: Definition,
  kernel: BoundKernel,
  _order: KernelOrder,
  _verify: Verification | undefined,
  _scope: Scope,
  _keep: (release: () => Promise<void>) => void,
): Promise<BoundKernel> {
  return kernel;
}
