import type { AlgorithmKind, CodecGuarantees, Efforts, HandleDescription, KernelKind, Probe, SchemaSource } from '../contracts/index.js';
import type { Signature } from './magics.js';

/** A loader as core calls it. */
export interface Loader {
  readonly load: () => Promise<unknown>;
  readonly probe?: Probe;
}

/**
 * What core knows of a definition: everything the author wrote, read once and checked. Kernels are loaded from `loaders`; inline methods are a js loader that answers the author's own object.
 */
export interface Definition {
  readonly kind: AlgorithmKind;
  readonly name: string;
  readonly contract: string;
  readonly deprecated?: string;
  readonly options?: SchemaSource<unknown, unknown>;
  readonly defaults?: Readonly<Record<string, unknown>>;
  readonly handles: ReadonlyMap<string, HandleDescription>;
  readonly loaders: ReadonlyMap<KernelKind, Loader>;
  /** Of codecs. */
  readonly magics: readonly Signature[];
  readonly recognise?: (head: Uint8Array) => boolean;
  readonly guarantees: CodecGuarantees;
  readonly efforts: Efforts;
  /** Of hashes. */
  readonly digestLength?: number | ((options: unknown) => number);
  /** Of chunkers. */
  readonly profiles: ReadonlyMap<string, unknown>;
}
