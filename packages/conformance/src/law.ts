import type { Algorithm, AlgorithmKind, Chunker, Codec, Hash, KernelKind, Registry, Scratch } from '@chunker/core';
import type fc from 'fast-check';
import type { Sample } from './inputs/sample.js';
import type { Split } from './inputs/splits.js';

/** The user's face of each kind. Laws look at algorithms through it alone: what a user cannot see, no law demands. */
export interface Faces {
  readonly codec: Codec;
  readonly hash: Hash;
  readonly chunker: Chunker;
}

/** What a law may ask for besides the algorithm itself. */
export interface LawContext<Kind extends AlgorithmKind = AlgorithmKind> {
  readonly definition: Algorithm<Kind>;
  /** A registry that holds the definition alone. */
  readonly registry: Registry;
  /** Takes the algorithm anew, by default as the one under test was taken. */
  take(changes?: { readonly options?: unknown; readonly handles?: Readonly<Record<string, Uint8Array>> }): Promise<Faces[Kind]>;
  /** Takes what a spec says. */
  parse(spec: string): Promise<Faces[Kind]>;
  /** The same algorithm with the same options on every other kernel that works here. */
  readonly others: readonly Faces[Kind][];
  readonly handles: Readonly<Record<string, Uint8Array>>;
  /** The options it was taken with, as the caller gave them. */
  readonly given: Readonly<Record<string, unknown>>;
  /** A codec that says how its format is recognised. */
  readonly recognisable: boolean;
  /** What it is taken with when nothing is said, where its author tells. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Names of a chunker's profiles. */
  readonly profiles: readonly string[];
  readonly inputs: Inputs;
  /** A new scratch. */
  scratch(): Scratch;
}

/** Generators fitted to the algorithm: sizes around its boundaries, splits around its window. */
export interface Inputs {
  /** Share of the usual number of runs that inputs of this size are worth. */
  readonly share: number;
  /** Any shape, mostly small. */
  readonly data: fc.Arbitrary<Sample>;
  /** Of codecs, more than core holds in one window; of chunkers, at least `reach` bytes. */
  readonly long: fc.Arbitrary<Sample>;
  /** Short ones, for laws that look at every byte. */
  readonly short: fc.Arbitrary<Sample>;
  readonly split: fc.Arbitrary<Split>;
}

/** One promise of the contract as a property of an algorithm. */
export interface Law<Kind extends AlgorithmKind = AlgorithmKind> {
  /** `codec.round-trip`: stable, so that reports of two versions can be compared. */
  readonly id: string;
  readonly kind: Kind;
  /** The sentence of the contract. */
  readonly promise: string;
  /** False where the algorithm does not make the promise (a guarantee it does not give, a kernel it does not have). */
  applies?(algorithm: Faces[Kind], context: LawContext<Kind>): boolean;
  /** Share of the usual number of runs, for laws whose runs are dear or whose inputs are few. Default 1. */
  readonly effort?: number;
  property(algorithm: Faces[Kind], context: LawContext<Kind>): fc.IAsyncProperty<unknown>;
}

/** A law of one kind of algorithm; keeps the kind's type for `property`. */
export function law<Kind extends AlgorithmKind>(definition: Law<Kind>): Law<Kind> {
  return definition;
}

export type { AlgorithmKind, KernelKind };
