import { KERNEL_KINDS, type KernelKind } from '../contracts/index.js';
import { RegistryError } from '../errors/index.js';

/** Which kernels may serve, in order: one kind, several, or `auto` for the usual order. */
export type KernelChoice = KernelKind | 'auto' | readonly KernelKind[];

/** The order to try, and whether somebody asked for it: then a kind that an algorithm lacks is worth a word. */
export interface KernelOrder {
  readonly kinds: readonly KernelKind[];
  readonly forced: boolean;
}

const USUAL: KernelOrder = { kinds: KERNEL_KINDS, forced: false };

/** The first choice that was made counts: taking, then registry, then `CHUNKER_KERNEL`. */
export function kernelOrder(taking: KernelChoice | undefined, registry: KernelChoice | undefined): KernelOrder {
  if (taking !== undefined) return readChoice(taking, 'kernel');
  if (registry !== undefined) return readChoice(registry, 'kernel');
  const environment = globalThis.process?.env?.CHUNKER_KERNEL;
  if (environment === undefined || environment === '') return USUAL;
  return readChoice(environment.split(',').map((word) => word.trim()) as KernelKind[], 'CHUNKER_KERNEL');
}

/** Checks a choice. Throws `invalid_input`. */
export function readChoice(choice: KernelChoice, name: string): KernelOrder {
  const list: readonly unknown[] = Array.isArray(choice) ? choice : [choice];
  if (list.length === 1 && list[0] === 'auto') return USUAL;
  const known = list.every((kind) => (KERNEL_KINDS as readonly unknown[]).includes(kind));
  if (list.length === 0 || !known) {
    throw new RegistryError('invalid_input', { name, value: list.map(String).join().slice(0, 100), expected: `auto, ${KERNEL_KINDS.join(', ')}` });
  }
  return { kinds: [...new Set(list as KernelKind[])], forced: true };
}
