import type {
  Algorithm,
  AlgorithmKind,
  ByteSource,
  ByteStream,
  Chunker,
  Codec,
  DecodeParameters,
  Events,
  Handles,
  Hash,
  KernelReport,
} from '../contracts/index.js';
import type { HashCacheStatistics } from '../cache/settings.js';
import { kindOfValue } from '../bytes/arrays.js';
import { readableInput } from '../bytes/inputs.js';
import type { Definition } from '../define/definition.js';
import { definitionOf } from '../define/define.js';
import { RegistryError } from '../errors/index.js';
import { kernelOrder } from '../kernels/choice.js';
import type { Memory } from '../memory/budget.js';
import { selectKernel, tryKernel } from '../kernels/select.js';
import type { Enlisted } from '../scope/lifetime.js';
import type { RegistrySettings } from '../scope/settings.js';
import { KINDS } from '../scope/settings.js';
import { parseSpec } from '../specs/spec.js';
import { LazyByteStream } from '../derive/byte-stream.js';
import { Catalogue } from './catalogue.js';
import { kindOf } from './known-packages.js';
import { RegistryScope } from './container.js';
import { detect, unknownFormat } from './detect.js';
import { detectingStream } from './detecting-stream.js';
import { type TakenOf, take } from './take.js';
import type { Explanation, OptionsFor, Registered, TakingSettings, Which } from './types.js';

/** What may be said when algorithms are registered. */
export interface RegisterSettings {
  /** An algorithm of the same kind and name makes way instead of being an error. */
  readonly replace?: boolean;
}

/** What may be said when a registry is disposed. */
export interface DisposeSettings {
  /** What runs is rejected by `registry_disposed`; without it, disposal waits for calls that run. */
  readonly abort?: boolean;
  /**
   * Waits for streams and pipeline runs as well: runs are asked to stop at their next chunk boundary, where they leave a checkpoint, streams are read to their end by whoever reads them. Nothing new begins
   * meanwhile.
   */
  readonly drain?: boolean;
  /** With `drain`: what has not ended after so many milliseconds is rejected as with `abort`. Default: no end. */
  readonly graceMs?: number;
}

function isSettings(last: unknown): last is RegisterSettings {
  try {
    return last !== null && typeof last === 'object' && !('kind' in last) && 'replace' in last;
  } catch {
    // A Proxy that does not say what it has is neither settings nor an algorithm: the catalogue refuses it.
    return false;
  }
}

/**
 * What an application has registered, with types: `R` is the union of its algorithms, so that names and options are checked and completed. Registries never see each other's algorithms
 * or settings.
 */
export class Registry<in R = never> {
  readonly #scope: RegistryScope;
  readonly #catalogue: Catalogue;
  readonly #parent: Registry | undefined;
  readonly #forks = new Set<Registry>();
  readonly #releases: (() => Promise<void>)[] = [];
  readonly #held = new WeakSet<object>();
  #disposal: Promise<void> | undefined;
  // Holds `R` where the compiler can see it.
  declare readonly registered?: (algorithms: R) => void;

  constructor(settings?: RegistrySettings) {
    const inherited = inheritance.get(settings as object);
    this.#scope = inherited?.scope ?? RegistryScope.create(settings);
    this.#catalogue = inherited?.catalogue ?? new Catalogue();
    this.#parent = inherited?.parent;
  }

  /** A registry of these algorithms. */
  static of<const A extends readonly Algorithm[]>(...algorithms: A): Registry<A[number]> {
    return new Registry().register(...algorithms);
  }

  /** Start, end, error and progress of everything that runs in this registry. Nobody listening costs one comparison per operation. */
  get events(): Events {
    return this.#scope.events;
  }

  /** The memory budget: limits, what is in use, and setting some aside. Forks share it unless they were given limits of their own. */
  get memory(): Memory {
    return this.#scope.memory;
  }

  /** What the cache of digests has done; undefined where the setting `hashCache` is off. */
  get hashCache(): HashCacheStatistics | undefined {
    return this.#scope.caches.hashStatistics;
  }

  /**
   * Registers all or none, and returns this registry with the new names in its type. Loads nothing. Throws `duplicate_name`, `duplicate_magic`, `invalid_plugin`, `incompatible_contract`, `registry_disposed`.
   */
  register<const A extends readonly Algorithm[]>(...algorithms: A): Registry<R | A[number]>;
  register<const A extends readonly Algorithm[]>(...algorithmsAndSettings: readonly [...A, RegisterSettings]): Registry<R | A[number]>;
  register(...given: readonly unknown[]): Registry<never> {
    this.#scope.life.check();
    const last = given.at(-1);
    const settings = isSettings(last) ? last : undefined;
    this.#catalogue.add(settings === undefined ? given : given.slice(0, -1), settings?.replace === true);
    return this as Registry<never>;
  }

  /**
   * Takes a codec: parses its options, loads its kernel. Throws `algorithm_unknown`, `algorithm_unavailable`, `invalid_options`, `registry_disposed`.
   */
  codec<const W extends string | Algorithm<'codec'>>(
    which: Which<R, 'codec', W>,
    options?: OptionsFor<R, 'codec', W>,
    handles?: Handles,
    settings?: TakingSettings,
  ): Promise<Codec> {
    return this.#take('codec', which, options, handles, settings);
  }

  /** Takes a hash; see `codec`. */
  hash<const W extends string | Algorithm<'hash'>>(
    which: Which<R, 'hash', W>,
    options?: OptionsFor<R, 'hash', W>,
    handles?: Handles,
    settings?: TakingSettings,
  ): Promise<Hash> {
    return this.#take('hash', which, options, handles, settings);
  }

  /** Takes a chunker; see `codec`. Throws `invalid_chunking_options` for its parameters. */
  chunker<const W extends string | Algorithm<'chunker'>>(
    which: Which<R, 'chunker', W>,
    options?: OptionsFor<R, 'chunker', W>,
    handles?: Handles,
    settings?: TakingSettings,
  ): Promise<Chunker> {
    return this.#take('chunker', which, options, handles, settings);
  }

  /** Takes what a spec such as `zstd:level=9` says; the kind is needed only where a name stands for several. Throws `invalid_spec`, and what taking throws. */
  parse(spec: string): Promise<Codec | Hash | Chunker>;
  parse<Kind extends AlgorithmKind>(spec: string, kind: Kind, handles?: Handles, settings?: TakingSettings): Promise<TakenOf<Kind>>;
  async parse(spec: string, kind?: AlgorithmKind, handles?: Handles, settings?: TakingSettings): Promise<Codec | Hash | Chunker> {
    this.#scope.life.check();
    const { name, options } = parseSpec(spec);
    const kinds = kind === undefined ? KINDS.filter((candidate) => this.#catalogue.get(candidate, name) !== undefined) : [kind];
    if (kinds.length > 1) throw new RegistryError('invalid_spec', { spec, reason: `'${name}' is ${kinds.join(' and ')}: say which` });
    return this.#take(kinds[0] ?? kindOf(name) ?? 'codec', name, options, handles, settings);
  }

  /** What is registered, in order of registration by kind. Loads nothing. */
  list(kind?: AlgorithmKind): Registered[] {
    this.#scope.life.check();
    return this.#catalogue.list(kind);
  }

  /** Which kernels of an algorithm are tried here and why each is chosen or not. With `all`, those behind the chosen one are tried, too. Throws `algorithm_unknown`. */
  async explain(name: string, settings: { readonly kind?: AlgorithmKind; readonly all?: boolean } & Pick<TakingSettings, 'kernel'> = {}): Promise<Explanation> {
    this.#scope.life.check();
    if (typeof name !== 'string') throw new RegistryError('invalid_input', { name: 'name', value: kindOfValue(name), expected: 'the name of an algorithm' });
    const kind = settings.kind ?? KINDS.find((candidate) => this.#catalogue.get(candidate, name) !== undefined) ?? 'codec';
    const definition = this.#catalogue.find(kind, name);
    const counters = this.#scope.counters.get(definition)?.read();
    const order = kernelOrder(settings.kernel, this.#scope.settings.kernel);
    const kernels: KernelReport[] = [];
    let chosen: KernelReport | undefined;
    for (const candidate of order.kinds) {
      if (!order.forced && !definition.loaders.has(candidate)) continue;
      if (chosen !== undefined && settings.all !== true) break;
      const tried = await tryKernel(definition, candidate);
      const available = 'kernel' in tried;
      if ('kernel' in tried) await tried.release();
      const report = { kind: candidate, available, chosen: available && chosen === undefined, ...('reason' in tried ? { reason: tried.reason } : {}) };
      if (report.chosen) chosen = report;
      kernels.push(report);
    }
    return {
      kind,
      name: definition.name,
      ...(chosen === undefined ? {} : { chosen: chosen.kind }),
      kernels,
      ...(counters === undefined ? {} : { verification: counters }),
    };
  }

  /** Loads a kernel of everything that is registered, so that later takings need not wait. Throws `algorithm_unavailable`. */
  async ready(): Promise<void> {
    this.#scope.life.check();
    const order = kernelOrder(undefined, this.#scope.settings.kernel);
    const selections = await Promise.allSettled(this.#catalogue.definitions().map((definition) => selectKernel(definition, order)));
    for (const selection of selections) if (selection.status === 'fulfilled') this.#keep(selection.value.lease.release, selection.value.lease.kernel);
    const failed = selections.find((selection) => selection.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Name of the codec whose format the data begin with (the longest magic wins), or undefined. The first 4096 bytes are enough. */
  detect(head: Uint8Array): string | undefined {
    this.#scope.life.check();
    return detect(this.#catalogue.definitions('codec'), readableInput('codec', head, 'head'))?.name;
  }

  /** Decompresses what a registered codec recognises. Throws `unknown_format` with the first eight bytes, and what decompressing throws. */
  async decompressAuto(data: Uint8Array, call?: DecodeParameters): Promise<Uint8Array> {
    this.#scope.life.check();
    const input = readableInput('codec', data);
    const codec = await this.#codecFor(input);
    return codec.decompress(input, call);
  }

  /** The same for bytes that arrive over time. */
  decompressStreamAuto(source: ByteSource, call?: DecodeParameters): ByteStream {
    this.#scope.life.check();
    return new LazyByteStream(() => detectingStream(source, (head) => this.#codecFor(head), call));
  }

  /** A registry with the same algorithms. Later registrations stay on their side; kernels and the budget are shared, events and settings its own. */
  fork(settings?: RegistrySettings): Registry<R> {
    this.#scope.life.checkOpening();
    const own = { ...settings };
    inheritance.set(own, { scope: this.#scope.fork(settings), catalogue: this.#catalogue.copy(), parent: this as unknown as Registry });
    const fork = new Registry<R>(own);
    this.#forks.add(fork as unknown as Registry);
    return fork;
  }

  /**
   * Refuses new work, disposes forks first, waits for what runs (or aborts it), and gives back what was loaded. Disposing twice is nothing, but with `abort` what is still waited for is aborted. Streams
   * do not count between their steps: the loop over one may await this. Work that is itself waited for must not: a kernel's method, or a step of a push form, that awaits the disposal of its own
   * registry waits for itself, until somebody disposes with `abort`.
   */
  dispose(settings: DisposeSettings = {}): Promise<void> {
    const { graceMs } = settings;
    if (graceMs !== undefined && !(graceMs >= 0)) {
      throw new RegistryError('invalid_input', { name: 'graceMs', value: String(graceMs), expected: 'a number of milliseconds from 0' });
    }
    if (settings.abort === true && this.#disposal !== undefined) {
      for (const fork of this.#forks) fork.dispose({ abort: true }).catch(() => {});
      this.#scope.life.end(true).catch(() => {});
    }
    this.#disposal ??= this.#dispose(settings);
    return this.#disposal;
  }

  /**
   * For packages that compose: counts work that spans many calls, so that `dispose({ drain: true })` asks it to stop and waits for it. Answers the function to call at its end. Throws
   * `registry_disposed` where nothing new may begin.
   */
  enlist(work: Enlisted): () => void {
    return this.#scope.life.enlist(work);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #drain(graceMs: number | undefined): Promise<boolean> {
    const all = [this.#scope.life.drain(graceMs), ...[...this.#forks].map((fork) => fork.#drain(graceMs))];
    return (await Promise.all(all)).every((drained) => drained);
  }

  async #dispose({ abort: wished = false, drain = false, graceMs }: DisposeSettings): Promise<void> {
    const problems: unknown[] = [];
    const attempt = async (action: () => Promise<void>) => {
      try {
        await action();
      } catch (problem) {
        problems.push(problem);
      }
    };
    const ended = !drain || wished || (await this.#drain(graceMs));
    const abort = wished || !ended;
    // Refuse new work here before anything more is awaited: forks take a while.
    this.#scope.life.close();
    await Promise.all([...this.#forks].map((fork) => attempt(() => fork.dispose({ abort }))));
    await attempt(() => this.#scope.end(abort));
    for (const release of this.#releases.splice(0).reverse()) await attempt(release);
    if (this.#parent !== undefined) this.#parent.#forks.delete(this as unknown as Registry);
    if (problems.length > 0) {
      throw new RegistryError('plugin_failed', { operation: 'dispose', reason: `${problems.length} parts could not be disposed` }, { cause: problems[0] });
    }
  }

  #keep(release: () => Promise<void>, held?: object): void {
    // One lease per kernel is enough, however often its algorithm is taken; and what was loaded while the registry was disposed goes at once.
    if (this.#disposal !== undefined || (held !== undefined && this.#held.has(held))) {
      release().catch(() => {});
      return;
    }
    if (held !== undefined) this.#held.add(held);
    this.#releases.push(release);
  }

  async #codecFor(head: Uint8Array): Promise<Codec> {
    const codecs = this.#catalogue.definitions('codec');
    const definition = detect(codecs, head);
    if (definition === undefined) throw unknownFormat(codecs, head);
    return this.#take('codec', definition.name, undefined, undefined, undefined);
  }

  async #take<Kind extends AlgorithmKind>(
    kind: Kind,
    which: unknown,
    options: unknown,
    handles: Handles | undefined,
    settings: TakingSettings | undefined,
  ): Promise<TakenOf<Kind>> {
    this.#scope.life.checkOpening();
    const definition = this.#which(kind, which);
    const taken = await take<Kind>(definition, options, handles, settings, this.#scope, (release, held) => this.#keep(release, held));
    this.#scope.life.check(definition.name);
    return taken;
  }

  #which(kind: AlgorithmKind, which: unknown): Definition {
    if (typeof which === 'string') return this.#catalogue.find(kind, which);
    if (which === null || typeof which !== 'object') {
      throw new RegistryError('invalid_input', { name: 'which', value: kindOfValue(which), expected: 'an algorithm or its name' });
    }
    const definition = definitionOf(which);
    if (definition.kind !== kind || this.#catalogue.get(kind, definition.name) !== definition) throw this.#catalogue.unknown(kind, definition.name);
    return definition;
  }
}

interface Inheritance {
  readonly scope: RegistryScope;
  readonly catalogue: Catalogue;
  readonly parent: Registry;
}

// What a fork inherits reaches the constructor beside its public settings.
const inheritance = new WeakMap<object, Inheritance>();
