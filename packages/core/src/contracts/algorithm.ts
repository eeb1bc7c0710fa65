/** The three kinds of algorithm a registry holds. */
export type AlgorithmKind = 'codec' | 'hash' | 'chunker';

/** A value now, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/**
 * The version of the contract that a definition was made for. `define…` stamps it, so that two copies of core in one process can tell whether
 * they agree: the same major number means yes.
 */
export const CONTRACT_VERSION = '1.0';

/**
 * A Standard Schema (https://standardschema.dev, version 1), reduced to what core reads. Structural on purpose: zod, valibot, arktype and a hand-written
 * object all fit, and core imports none of them.
 */
export interface OptionsSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Awaitable<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a Standard Schema answers: a value, or issues. */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** One complaint of a schema; fields beyond `message` and `path` are the vendor's (zod tells `minimum` and `maximum`). */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema, or a loader of one: importing zod costs tens of milliseconds, and registering must not. */
export type SchemaSource<Input, Output> = OptionsSchema<Input, Output> | (() => Promise<{ readonly default: OptionsSchema<Input, Output> }>);

/**
 * Bytes that configure an algorithm but cannot stand in its options: keys, dictionaries. Core copies them once when the algorithm is taken, checks their
 * names against the definition's `handles`, and never logs, prints or serialises them.
 */
export type Handles = Readonly<Record<string, Uint8Array>>;

/** Says that `name` is accepted as a handle. `check` throws where the bytes cannot serve; a promise that it answers is awaited. */
export interface HandleDescription {
  readonly description: string;
  readonly secret?: boolean;
  readonly check?: (bytes: Uint8Array) => Awaitable<void>;
}

/** What every definition has, whatever its kind. */
export interface DefinitionBase<Name extends string, Input, Output> {
  /** The registry id: lower-case letters, digits and inner dashes, at most 64 characters. */
  readonly name: Name;
  /** Parsed once when the algorithm is taken, never per call. Absent: the algorithm has no options. */
  readonly options?: SchemaSource<Input, Output>;
  /**
   * What the schema answers to no options at all. Whoever takes the algorithm with these, said or left out, then needs no schema: loading one costs more than most files take.
   * A law holds them against the schema.
   */
  readonly defaults?: NoInfer<Output>;
  /** The keys and dictionaries it takes, by name. */
  readonly handles?: Readonly<Record<string, HandleDescription>>;
  /** Says what to use instead. Taking a deprecated algorithm warns once per process. */
  readonly deprecated?: string;
}

declare const input: unique symbol;

/**
 * An algorithm that can be registered: what `defineCodec`, `defineHash` and `defineChunker` return. It remembers its options' type, so that a
 * registry completes and checks them; what else it holds is core's.
 */
export interface Algorithm<Kind extends AlgorithmKind = AlgorithmKind, Name extends string = string, Input = never> {
  readonly kind: Kind;
  readonly name: Name;
  readonly contract: string;
  readonly [input]?: (options: Input) => void;
}
