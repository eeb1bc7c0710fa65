import { type Algorithm, type AlgorithmKind, createScratch, type KernelKind, Registry, RegistryError } from '@chunker/core';
import { inputsFor } from './inputs/fitted.js';
import type { Faces, LawContext } from './law.js';
import type { LawSettings } from './settings.js';

/** One algorithm on one kernel, with what the laws ask for. */
export interface Subject<Kind extends AlgorithmKind> {
  readonly algorithm: Faces[Kind];
  readonly context: LawContext<Kind>;
}

type Taking = Pick<LawSettings, 'options' | 'handles'>;

async function take<Kind extends AlgorithmKind>(
  definition: Algorithm<Kind>,
  registry: Registry,
  kernel: KernelKind,
  { options, handles }: Taking,
): Promise<Faces[Kind]> {
  const { name } = definition;
  const given = options as Readonly<Record<string, unknown>> | undefined;
  const doors: Readonly<Record<AlgorithmKind, () => Promise<unknown>>> = {
    codec: () => registry.codec(name, given, handles, { kernel }),
    hash: () => registry.hash(name, given, handles, { kernel }),
    chunker: () => registry.chunker(name, given, handles, { kernel }),
  };
  return (await doors[definition.kind]()) as Faces[Kind];
}

/** The algorithm once for every kernel asked for, or for every one that works here. Rejects where one asked for does not work, or none does. */
export async function subjectsOf<Kind extends AlgorithmKind>(definition: Algorithm<Kind>, settings: LawSettings): Promise<Subject<Kind>[]> {
  const registry = Registry.of(definition as Algorithm) as unknown as Registry;
  const kernels = settings.kernels ?? (await workingKernels(registry, definition));
  const taken = await Promise.all(kernels.map((kernel) => take(definition, registry, kernel, settings)));
  return taken.map((algorithm) => {
    const others = taken.filter((other) => other !== algorithm);
    return { algorithm, context: contextOf(definition, registry, algorithm, others, settings) };
  });
}

async function workingKernels(registry: Registry, { kind, name }: Algorithm): Promise<readonly KernelKind[]> {
  const { kernels } = await registry.explain(name, { kind, all: true });
  const working = kernels.filter((report) => report.available).map((report) => report.kind);
  if (working.length > 0) return working;
  throw new RegistryError('algorithm_unavailable', { kind, name, tried: kernels });
}

function contextOf<Kind extends AlgorithmKind>(
  definition: Algorithm<Kind>,
  registry: Registry,
  algorithm: Faces[Kind],
  others: readonly Faces[Kind][],
  settings: LawSettings,
): LawContext<Kind> {
  const [registered] = registry.list();
  return {
    definition,
    registry,
    others,
    given: { ...settings.options },
    handles: settings.handles ?? {},
    inputs: inputsFor(definition.kind, algorithm),
    take: (changes = {}) => take(definition, registry, algorithm.kernel, { ...settings, ...(changes as Taking) }),
    parse: async (spec) => (await registry.parse(spec, definition.kind, settings.handles, { kernel: algorithm.kernel })) as unknown as Faces[Kind],
    scratch: () => createScratch(),
    recognisable: registered?.recognisable ?? false,
    profiles: registered?.profiles ?? [],
    ...(registered?.defaults === undefined ? {} : { defaults: registered.defaults }),
  };
}
