import type { Algorithm, AlgorithmKind, KernelKind } from '../contracts/index.js';
import type { Definition } from '../define/definition.js';
import { definitionOf } from '../define/define.js';
import { RegistryError } from '../errors/index.js';
import { KINDS } from '../scope/settings.js';
import { packageOf } from './known-packages.js';
import type { Registered } from './types.js';

interface Entry {
  readonly definition: Definition;
  readonly algorithm: Algorithm;
}

/** What is registered, by kind and name. Maps, so that no name can reach a prototype. */
export class Catalogue {
  #entries: Map<string, Entry>;

  constructor(entries: ReadonlyMap<string, Entry> = new Map()) {
    this.#entries = new Map(entries);
  }

  copy(): Catalogue {
    return new Catalogue(this.#entries);
  }

  /** All or nothing: a copy is changed, and takes the old map's place when everything is right. */
  add(algorithms: readonly unknown[], replace: boolean): void {
    const entries = new Map(this.#entries);
    for (const algorithm of algorithms) {
      const definition = definitionOf(algorithm);
      const key = keyOf(definition.kind, definition.name);
      if (entries.has(key) && !replace) throw new RegistryError('duplicate_name', { kind: definition.kind, name: definition.name });
      entries.set(key, { definition, algorithm: algorithm as Algorithm });
    }
    checkMagics([...entries.values()].map((entry) => entry.definition));
    this.#entries = entries;
  }

  get(kind: AlgorithmKind, name: string): Definition | undefined {
    return this.#entries.get(keyOf(kind, name))?.definition;
  }

  /** Throws `algorithm_unknown`. */
  find(kind: AlgorithmKind, name: string): Definition {
    const found = this.get(kind, name);
    if (found === undefined) throw this.unknown(kind, name);
    return found;
  }

  unknown(kind: AlgorithmKind, name: string): RegistryError<'algorithm_unknown'> {
    const install = packageOf(kind, name);
    const registered = this.definitions(kind).map((definition) => definition.name);
    return new RegistryError('algorithm_unknown', { kind, name: name.slice(0, 64), registered, ...(install === undefined ? {} : { install }) });
  }

  definitions(kind?: AlgorithmKind): Definition[] {
    return [...this.#entries.values()].map((entry) => entry.definition).filter((definition) => kind === undefined || definition.kind === kind);
  }

  list(kind?: AlgorithmKind): Registered[] {
    const kinds = kind === undefined ? KINDS : [kind];
    return kinds.flatMap((wanted) => [...this.#entries.values()].filter(({ definition }) => definition.kind === wanted).map(describe));
  }
}

function describe({ definition, algorithm }: Entry): Registered {
  const { kind, name, contract, deprecated } = definition;
  return {
    kind,
    name,
    contract,
    kernels: [...definition.loaders.keys()] as KernelKind[],
    recognisable: definition.magics.length > 0 || definition.recognise !== undefined,
    profiles: [...definition.profiles.keys()],
    ...(definition.defaults === undefined ? {} : { defaults: definition.defaults }),
    ...(Object.keys(definition.efforts).length === 0 ? {} : { efforts: definition.efforts }),
    handles: [...definition.handles.keys()],
    ...(deprecated === undefined ? {} : { deprecated }),
    algorithm,
  };
}

/** Two codecs with the same magic could not be told apart; only magics of skippable parts may be shared. */
function checkMagics(definitions: readonly Definition[]): void {
  const owners = new Map<string, { readonly name: string; readonly skippable: boolean }>();
  for (const { name, magics } of definitions) {
    for (const magic of magics) {
      const owner = owners.get(magic.key);
      if (owner !== undefined && owner.name !== name && !(owner.skippable && magic.skippable)) {
        const shown = Array.from(magic.bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
        throw new RegistryError('duplicate_magic', { name, other: owner.name, magic: shown });
      }
      owners.set(magic.key, { name, skippable: magic.skippable });
    }
  }
}

function keyOf(kind: AlgorithmKind, name: string): string {
  return `${kind}:${name}`;
}
