import {
  type Algorithm,
  type AlgorithmKind,
  type ChunkerAlgorithm,
  type ChunkingAlgorithm,
  type CodecAlgorithm,
  type CompressionCodec,
  CONTRACT_VERSION,
  type HashAlgorithm,
  type HashDefinition,
} from '../contracts/index.js';
import { RegistryError } from '../errors/index.js';
import type { Definition } from './definition.js';
import { readDefinition } from './form.js';

// A registered symbol: an algorithm defined with one copy of core is read by another, which checks the author's object again for itself.
const AUTHOR: unique symbol = Symbol.for('chunker.author');

const known = new WeakMap<object, Definition>();

function define(kind: AlgorithmKind, author: object): Algorithm {
  const definition = readDefinition(kind, author, CONTRACT_VERSION);
  const algorithm = Object.freeze({ kind, name: definition.name, contract: CONTRACT_VERSION, [AUTHOR]: author });
  known.set(algorithm, definition);
  return algorithm;
}

/** The options of an algorithm that has none. */
export type NoOptions = Record<never, never>;

/** The options of a chunker: its parameters, or the name of one of its profiles alone. */
export type WithProfile<Input, Profile extends string> = [Profile] extends [never] ? Input : Input | { readonly profile: Profile };

/**
 * Makes an algorithm of a codec's definition: checks its form, stamps the contract's version, keeps its types. Throws `invalid_plugin` where the form is wrong. Loads nothing.
 */
export function defineCodec<const Name extends string, Input = NoOptions, Output = Input>(
  definition: CompressionCodec<Name, Input, Output>,
): CodecAlgorithm<Name, Input> {
  return define('codec', definition) as CodecAlgorithm<Name, Input>;
}

/** Makes an algorithm of a hash's definition; see `defineCodec`. */
export function defineHash<const Name extends string, Input = NoOptions, Output = Input>(
  definition: HashAlgorithm<Name, Input, Output>,
): HashDefinition<Name, Input> {
  return define('hash', definition) as HashDefinition<Name, Input>;
}

/** Makes an algorithm of a chunker's definition; see `defineCodec`. With profiles, `{ profile: 'name' }` stands for its parameters. */
export function defineChunker<const Name extends string, Input, Output = Input, const Profile extends string = never>(
  definition: ChunkingAlgorithm<Name, Input, Output, Profile>,
): ChunkerAlgorithm<Name, WithProfile<Input, Profile>> {
  return define('chunker', definition) as ChunkerAlgorithm<Name, WithProfile<Input, Profile>>;
}

/** What an algorithm was defined by. Throws `invalid_plugin` or `incompatible_contract`. */
export function definitionOf(algorithm: unknown): Definition {
  if (algorithm === null || typeof algorithm !== 'object') throw new RegistryError('invalid_plugin', { reason: 'it is no algorithm' });
  const own = known.get(algorithm);
  if (own !== undefined) return own;
  const { kind, name, contract, author } = stranger(algorithm);
  if (author === null || typeof author !== 'object' || !isKind(kind)) {
    throw new RegistryError('invalid_plugin', { reason: 'it was not made by defineCodec, defineHash or defineChunker' });
  }
  if (typeof contract !== 'string' || contract.split('.')[0] !== CONTRACT_VERSION.split('.')[0]) {
    throw new RegistryError('incompatible_contract', {
      name: String(name).slice(0, 64),
      expected: CONTRACT_VERSION,
      actual: String(contract).slice(0, 64),
    });
  }
  const definition = readDefinition(kind, author, contract);
  known.set(algorithm, definition);
  return definition;
}

function stranger(algorithm: object): { kind: unknown; name: unknown; contract: unknown; author: unknown } {
  try {
    const { kind, name, contract, [AUTHOR]: author } = algorithm as Record<PropertyKey, unknown>;
    return { kind, name: typeof name === 'string' ? name : '', contract: typeof contract === 'string' ? contract : 'none', author };
  } catch (cause) {
    throw new RegistryError('invalid_plugin', { reason: 'it cannot be read' }, { cause });
  }
}

function isKind(kind: unknown): kind is AlgorithmKind {
  return kind === 'codec' || kind === 'hash' || kind === 'chunker';
}
