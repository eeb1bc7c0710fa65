import { type AlgorithmKind, type Chunker, type Codec, type Handles, type Hash, Registry, type TakenOf } from '@chunker/core';
import type { Context } from './context.js';
import { failureOf, usageError } from './failure.js';
import { loadPlugins, type Plugin, type Wanted } from './plugins.js';

/** What the command has registered, where each came from, and what could not be used. */
export interface Registered {
  readonly registry: Registry;
  readonly plugins: readonly Plugin[];
  readonly broken: readonly { readonly package: string; readonly reason: string }[];
}

/** What a command needs of the registry. */
export interface Needs {
  /** Plugins to load as if they had been asked for by `--plugin`. */
  readonly packages?: readonly string[];
  /** All that will be taken: Chunker's own plugins that bring none of it are not loaded. Absent: anything may be. */
  readonly specs?: Readonly<Partial<Record<AlgorithmKind, readonly string[]>>>;
}

/** A registry with Chunker's own algorithms and those that were found or asked for. What only a package.json brings may fail: that is said, and the command goes on without. */
export async function openRegistry(context: Context, { packages = [], specs }: Needs = {}): Promise<Registered> {
  const { named, brought, broken } = await loadPlugins([...(context.options.plugin ?? []), ...packages], specs && wantedBy(specs));
  const registry = new Registry();
  for (const plugin of named) registry.register(...plugin.algorithms);
  const plugins = [...named];
  const failed = [...broken];
  for (const plugin of brought) {
    try {
      registry.register(...plugin.algorithms);
      plugins.push(plugin);
    } catch (error) {
      failed.push({ package: plugin.package, error });
    }
  }
  const told = failed.map(({ package: name, error }) => ({ package: name, reason: failureOf(error).message }));
  for (const { package: name, reason } of told) await context.remark(`left out the plugin ${name}: ${reason}`);
  return { registry, plugins, broken: told };
}

function wantedBy(specs: NonNullable<Needs['specs']>): Wanted[] {
  const kinds = Object.entries(specs) as [AlgorithmKind, readonly string[]][];
  return kinds.flatMap(([kind, some]) => some.map((spec): Wanted => `${kind} ${spec.split(':', 1)[0]}`));
}

export function takeChunker(registry: Registry, spec: string): Promise<Chunker> {
  return take(registry, spec, 'chunker');
}

/** The hash of a spec; `more` is added to what the spec says. */
export function takeHash(registry: Registry, spec: string, more: Readonly<Record<string, string | number>> = {}, handles?: Handles): Promise<Hash> {
  return take(registry, withOptions(spec, more), 'hash', handles);
}

export function takeCodec(registry: Registry, spec: string, handles?: Handles): Promise<Codec> {
  return take(registry, spec, 'codec', handles);
}

/** The chunker that has the profile; two with one name must be told apart by a spec. */
export async function takeProfile(registry: Registry, profile: string): Promise<Chunker> {
  const having = registry.list('chunker').filter(({ profiles }) => profiles.includes(profile));
  if (having.length > 1)
    throw usageError(`${having.map(({ name }) => name).join(' and ')} have a profile '${profile}'; write --chunker NAME:profile=${profile}`);
  const [only] = having;
  if (only !== undefined) return registry.chunker(only.name as never, { profile } as never);
  const known = registry.list('chunker').flatMap(({ profiles }) => profiles);
  throw usageError(`no chunker has a profile '${profile}'; there are ${known.join(', ')}`);
}

function take<Kind extends AlgorithmKind>(registry: Registry, spec: string, kind: Kind, handles?: Handles): Promise<TakenOf<Kind>> {
  return registry.parse(spec, kind, handles);
}

/** Options in the grammar of specs, text byte by byte as `%xx`, so that it stays text whatever it looks like. */
function withOptions(spec: string, more: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(more).map(([name, value]) => `${name}=${typeof value === 'number' ? value : percent(value)}`);
  return parts.length === 0 ? spec : `${spec}${spec.includes(':') ? ',' : ':'}${parts.join(',')}`;
}

function percent(text: string): string {
  return text === '' ? '%' : [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
