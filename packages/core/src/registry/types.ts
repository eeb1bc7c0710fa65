import type { Algorithm, AlgorithmKind, Efforts, KernelKind, KernelReport } from '../contracts/index.js';
import type { KernelChoice } from '../kernels/choice.js';
import type { VerificationCounters } from '../kernels/counters.js';
import type { Verification } from '../scope/settings.js';

/** The names that a registry of algorithms `R` has for a kind. */
export type Names<R, Kind extends AlgorithmKind> = R extends Algorithm<Kind, infer Name, infer _Input> ? Name : never;

type OptionsOfName<R, Kind extends AlgorithmKind, Name> = R extends Algorithm<Kind, infer Known, infer Input> ? (Known extends Name ? Input : never) : never;

/** What may be taken: an algorithm, a registered name, or any text, which is checked at run time. */
export type Which<R, Kind extends AlgorithmKind, W> = W extends Algorithm ? W : string extends W ? W : W extends Names<R, Kind> ? W : Names<R, Kind>;

/** The options that belong to what is taken. */
export type OptionsFor<R, Kind extends AlgorithmKind, W> =
  W extends Algorithm<AlgorithmKind, string, infer Input> ? Input : string extends W ? Readonly<Record<string, unknown>> : OptionsOfName<R, Kind, W>;

/** What may be said when an algorithm is taken, besides options and handles. */
export interface TakingSettings {
  /** Which kernels may serve; before the registry's choice and `CHUNKER_KERNEL`. */
  readonly kernel?: KernelChoice;
  readonly verify?: Verification;
}

/** What is registered under one name. */
export interface Registered {
  readonly kind: AlgorithmKind;
  readonly name: string;
  readonly contract: string;
  readonly kernels: readonly KernelKind[];
  /** A codec that says how its format is recognised: by magic bytes, or by looking. */
  readonly recognisable: boolean;
  readonly profiles: readonly string[];
  /** Its options when nothing is said, where its author tells. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Of a codec: what it declares for strategies. */
  readonly efforts?: Efforts;
  readonly handles: readonly string[];
  readonly deprecated?: string;
  readonly algorithm: Algorithm;
}

/** Which kernels of an algorithm were tried, and why each was chosen or not. */
export interface Explanation {
  readonly kind: AlgorithmKind;
  readonly name: string;
  readonly chosen?: KernelKind;
  readonly kernels: readonly KernelReport[];
  /** What comparing kernels found so far, where it is on. */
  readonly verification?: VerificationCounters;
}
