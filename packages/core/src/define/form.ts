import { type AlgorithmKind, type CodecGuarantees, type HandleDescription, KERNEL_KINDS, type KernelKind, type SchemaSource } from '../contracts/index.js';
import { describeThrown, isOurs } from '../errors/areas.js';
import { RegistryError } from '../errors/index.js';
import { disown } from '../bytes/results.js';
import { isPlain, snapshot } from '../options/snapshot.js';
import type { Definition, Loader } from './definition.js';
import { readEfforts } from './efforts.js';
import { readMagics } from './magics.js';

/** Lower-case letters, digits and inner dashes. */
const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const MAX_NAME_LENGTH = 64;
const HANDLE = /^[a-z][A-Za-z0-9]*$/;

/** What a kernel of each kind must have. */
export const REQUIRED = { codec: ['compress', 'decompress'], hash: ['hash'], chunker: ['cutter'] } as const;

/** The methods of each kind's kernels, in the contract's words. */
export const METHODS = {
  codec: [
    ...REQUIRED.codec,
    'compressSync',
    'decompressSync',
    'compressInto',
    'decompressInto',
    'compressIntoSync',
    'decompressIntoSync',
    'compressMany',
    'decompressMany',
    'compressManySync',
    'decompressManySync',
    'compressor',
    'decompressor',
    'compressBound',
    'inspect',
  ],
  hash: [...REQUIRED.hash, 'hashSync', 'hashInto', 'hashIntoSync', 'hashMany', 'hashManySync', 'create'],
  chunker: [...REQUIRED.chunker],
} as const;

/**
 * Reads an author's definition once, property by property (getters may change, Proxies may lie), and checks its form. Throws `invalid_plugin`, or `incompatible_contract`.
 */
export function readDefinition(kind: AlgorithmKind, author: unknown, contract: string): Definition {
  let name: string | undefined;
  try {
    if (author === null || typeof author !== 'object') throw new Error('it is not an object');
    const source = author as Readonly<Record<string, unknown>>;
    name = readName(source.name);
    return read(kind, name, source, contract);
  } catch (thrown) {
    if (isOurs(thrown)) throw thrown;
    throw new RegistryError('invalid_plugin', { ...(name === undefined ? {} : { name }), reason: describeThrown(thrown) }, { cause: thrown });
  }
}

function read(kind: AlgorithmKind, name: string, source: Readonly<Record<string, unknown>>, contract: string): Definition {
  const { deprecated, options, defaults, handles } = source;
  if (deprecated !== undefined && typeof deprecated !== 'string') throw new Error('deprecated is no text');
  if (options !== undefined && typeof options !== 'function' && !isSchema(options)) throw new Error('options is neither a Standard Schema nor a loader of one');
  if (kind === 'chunker' && options === undefined) throw new Error('a chunker needs options');
  return Object.freeze({
    kind,
    name,
    contract,
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(options === undefined ? {} : { options: options as SchemaSource<unknown, unknown> }),
    ...(defaults === undefined ? {} : { defaults: readDefaults(defaults, options) }),
    handles: readHandles(handles),
    loaders: readLoaders(kind, source),
    ...traits(kind, source),
  });
}

function readDefaults(defaults: unknown, options: unknown): Readonly<Record<string, unknown>> {
  if (options === undefined) throw new Error('it has defaults and no options');
  if (!isPlain(defaults)) throw new Error('defaults is no plain object');
  const copy = snapshot(defaults) as Record<string, unknown>;
  for (const [name, value] of Object.entries(copy)) if (typeof value === 'object' && value !== null) throw new Error(`the default of ${name} is an object`);
  return Object.freeze(copy);
}

function readName(name: unknown): string {
  if (typeof name !== 'string') throw new Error('its name is no text');
  if (name.length > MAX_NAME_LENGTH) throw new Error(`its name has ${name.length} characters; ${MAX_NAME_LENGTH} are allowed`);
  if (!NAME.test(name)) throw new Error(`its name ${JSON.stringify(name)} is not made of lower-case letters, digits and inner dashes`);
  // `constructor` would keep the pattern: reserved, so that nobody's lookup by name can reach an object's prototype.
  if (name in Object.prototype) throw new Error(`its name '${name}' is reserved`);
  return name;
}

type Traits = Pick<Definition, 'magics' | 'recognise' | 'guarantees' | 'efforts' | 'digestLength' | 'profiles'>;

function traits(kind: AlgorithmKind, source: Readonly<Record<string, unknown>>): Traits {
  const none: Traits = { magics: [], guarantees: {}, efforts: {}, profiles: new Map() };
  if (kind === 'codec') {
    const { magicBytes, recognise, guarantees, efforts } = source;
    if (recognise !== undefined && typeof recognise !== 'function') throw new Error('recognise is no function');
    const bound = recognise === undefined ? {} : { recognise: (recognise as (head: Uint8Array) => boolean).bind(source) };
    return { ...none, magics: readMagics(magicBytes), ...bound, guarantees: readGuarantees(guarantees), efforts: readEfforts(efforts) };
  }
  if (kind === 'hash') {
    const { digestLength } = source;
    if (typeof digestLength === 'function') return { ...none, digestLength: (digestLength as (options: unknown) => number).bind(source) };
    return { ...none, digestLength: readDigestLength(digestLength) };
  }
  return { ...none, profiles: readProfiles(source.profiles) };
}

/** A digest's length, however it was told. Throws an Error in words. */
export function readDigestLength(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  disown(value);
  throw new Error(`digestLength is ${typeof value === 'number' ? value : typeof value}, not a whole number from 1`);
}

function readGuarantees(source: unknown): CodecGuarantees {
  if (source === undefined) return Object.freeze({});
  if (source === null || typeof source !== 'object') throw new Error('guarantees is no object');
  const { detectsTruncation, detectsCorruption, concatenable, deterministic } = source as Record<string, unknown>;
  const all = { detectsTruncation, detectsCorruption, concatenable, deterministic };
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined && typeof value !== 'boolean') throw new Error(`guarantees.${name} is neither true nor false`);
  }
  return Object.freeze(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as CodecGuarantees);
}

function readHandles(source: unknown): ReadonlyMap<string, HandleDescription> {
  if (source === undefined) return new Map();
  if (source === null || typeof source !== 'object') throw new Error('handles is no object');
  return new Map(
    Object.entries(source).map(([name, description]) => {
      if (!HANDLE.test(name) || name in Object.prototype) throw new Error(`the handle ${JSON.stringify(name)} has no usable name`);
      if (description === null || typeof description !== 'object') throw new Error(`the handle ${name} is not described`);
      const { check } = description as HandleDescription;
      if (check !== undefined && typeof check !== 'function') throw new Error(`the check of the handle ${name} is no function`);
      return [name, description as HandleDescription];
    }),
  );
}

function readProfiles(source: unknown): ReadonlyMap<string, unknown> {
  if (source === undefined) return new Map();
  if (source === null || typeof source !== 'object') throw new Error('profiles is no object');
  return new Map(
    Object.entries(source).map(([name, parameters]) => {
      if (name === '' || name.length > 128 || name === '__proto__') throw new Error(`the profile ${JSON.stringify(name)} has no usable name`);
      if (parameters === null || typeof parameters !== 'object') throw new Error(`the profile ${name} has no parameters`);
      return [name, structuredClone(parameters)];
    }),
  );
}

function readLoaders(kind: AlgorithmKind, source: Readonly<Record<string, unknown>>): ReadonlyMap<KernelKind, Loader> {
  const { kernels } = source;
  if (kernels === undefined) {
    for (const method of REQUIRED[kind]) {
      if (typeof source[method] !== 'function') throw new Error(`it has neither ${method}() nor kernels`);
    }
    for (const method of [...METHODS[kind], 'costPerByte', 'memory', 'dispose']) {
      if (source[method] !== undefined && typeof source[method] !== 'function') throw new Error(`its ${method} is no function`);
    }
    return new Map([['js', { load: async () => source }]]);
  }
  if (kernels === null || typeof kernels !== 'object') throw new Error('kernels is no object');
  for (const name of Object.keys(kernels)) {
    if (!(KERNEL_KINDS as readonly string[]).includes(name)) throw new Error(`'${name}' is no kind of kernel (${KERNEL_KINDS.join(', ')})`);
  }
  const loaders = new Map<KernelKind, Loader>();
  for (const name of KERNEL_KINDS) {
    const given = (kernels as Record<string, unknown>)[name];
    if (given !== undefined) loaders.set(name, readLoader(name, given));
  }
  if (loaders.size === 0) throw new Error('kernels is empty');
  return loaders;
}

function readLoader(kind: KernelKind, given: unknown): Loader {
  if (typeof given === 'function') return { load: given as () => Promise<unknown> };
  if (given === null || typeof given !== 'object') throw new Error(`the loader of its ${kind} kernel is no function`);
  const { load, probe } = given as { load?: unknown; probe?: unknown };
  if (typeof load !== 'function') throw new Error(`the loader of its ${kind} kernel has no load()`);
  if (probe !== undefined && typeof probe !== 'function') throw new Error(`the probe of its ${kind} kernel is no function`);
  return { load: load.bind(given), ...(probe === undefined ? {} : { probe: probe.bind(given) }) };
}

/** True for a Standard Schema of version 1; libraries make it an object or a function. */
export function isSchema(value: unknown): boolean {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  const standard = (value as { '~standard'?: { version?: unknown; validate?: unknown } })['~standard'];
  return typeof standard === 'object' && standard !== null && standard.version === 1 && typeof standard.validate === 'function';
}
