import type { Algorithm, AlgorithmKind, Chunker, ChunkingKernel, Codec, CodecKernel, Hash, HashKernel } from '../contracts/index.js';
import type { Definition } from '../define/definition.js';
import { definitionOf } from '../define/define.js';
import { readDigestLength } from '../define/form.js';
import type { Taken } from '../derive/operation.js';
import { asPluginError } from '../errors/areas.js';
import type { BoundKernel } from '../kernels/bound.js';
import { kernelOrder } from '../kernels/choice.js';
import { selectKernel } from '../kernels/select.js';
import { NO_HANDLES, readHandles } from '../options/handles.js';
import { type ParsedOptions, parseOptions } from '../options/parse.js';
import { processScope, type Scope } from '../scope/scope.js';
import { formatSpec } from '../specs/spec.js';
import type { TakingSettings } from './types.js';

/** What a kind of algorithm becomes when it is taken. */
export type TakenOf<Kind extends AlgorithmKind> = Kind extends 'codec' ? Codec : Kind extends 'hash' ? Hash : Chunker;

/** Called with whatever must be given back when the scope ends; what is `held` already is given back at once. */
export type Keep = (release: () => Promise<void>, held?: object) => void;

const warned = new WeakSet<Definition>();

/** Parses options, chooses and loads a kernel, and gives the algorithm every operation. */
export async function take<Kind extends AlgorithmKind>(
  definition: Definition,
  options: unknown,
  givenHandles: unknown,
  settings: TakingSettings | undefined,
  scope: Scope,
  keep: Keep,
): Promise<TakenOf<Kind>> {
  warnOnce(definition);
  const parsed = await parseOptions(definition, options);
  const handles = givenHandles === undefined ? NO_HANDLES : await readHandles(definition, givenHandles);
  const order = kernelOrder(settings?.kernel, scope.settings.kernel);
  const { lease } = await selectKernel(definition, order);
  keep(lease.release, lease.kernel);
  const verify = settings?.verify ?? scope.settings.verify;
  const guarded = verify !== undefined || lease.kernel.kind === 'accelerator';
  const kernel = guarded ? await (await import('../kernels/guard.js')).guardKernel(definition, lease.kernel, order, verify, scope, keep) : lease.kernel;
  const taken: Taken = {
    definition,
    options: parsed.value,
    handles,
    kernel,
    scope,
    spec: formatSpec(definition.name, inSchemaOrder(parsed)),
    ...(parsed.profile === undefined ? {} : { profile: parsed.profile }),
  };
  return (await finish(taken, keep)) as TakenOf<Kind>;
}

/** The same object as a registry gives, without a registry: kernels follow `CHUNKER_KERNEL`, and stay loaded. */
export async function configure<Kind extends AlgorithmKind, Input>(
  algorithm: Algorithm<Kind, string, Input>,
  options?: Input,
  handles?: Readonly<Record<string, Uint8Array>>,
  settings?: TakingSettings,
): Promise<TakenOf<Kind>> {
  return take<Kind>(definitionOf(algorithm), options, handles, settings, processScope(), () => {});
}

/** The operations of a kind are loaded when something of that kind is first taken: registering stays cheap. */
async function finish(taken: Taken, keep: Keep): Promise<Codec | Hash | Chunker> {
  const { kind, name, digestLength } = taken.definition;
  try {
    if (kind === 'codec') {
      const { TakenCodec } = await import('../derive/codec.js');
      return new TakenCodec(taken as Taken<CodecKernel<unknown>>);
    }
    if (kind === 'hash') {
      const { TakenHash } = await import('../derive/hash.js');
      const length = typeof digestLength === 'function' ? readDigestLength(digestLength(taken.options)) : (digestLength as number);
      const hash = new TakenHash(taken as Taken<HashKernel<unknown>>, length);
      return await taken.scope.caches.before(hash, Object.keys(taken.handles).length > 0, () => taken.scope.life.check(name));
    }
    const { CheckedCutter, TakenChunker } = await import('../derive/chunker.js');
    const { methods } = taken.kernel as BoundKernel<ChunkingKernel<unknown>>;
    const cutter = new CheckedCutter(methods.cutter(taken.options));
    if (cutter.cutter.dispose !== undefined) keep(async () => cutter.cutter.dispose?.());
    return new TakenChunker(taken as Taken<ChunkingKernel<unknown>>, cutter);
  } catch (thrown) {
    throw asPluginError(kind, { algorithm: name, operation: 'configure' }, thrown);
  }
}

/** What the caller said, in the order in which the schema names its parameters: equal options make equal specs. */
function inSchemaOrder({ given, value }: ParsedOptions): Readonly<Record<string, unknown>> {
  const order = value !== null && typeof value === 'object' ? Object.keys(value) : [];
  const keys = Object.keys(given).sort((a, b) => {
    const [first, second] = [order.indexOf(a), order.indexOf(b)];
    if (first === -1 || second === -1) return first === second ? (a < b ? -1 : 1) : second - first;
    return first - second;
  });
  return Object.fromEntries(keys.map((key) => [key, given[key]]));
}

function warnOnce(definition: Definition): void {
  if (definition.deprecated === undefined || warned.has(definition)) return;
  warned.add(definition);
  const text = `${definition.name} is deprecated: ${definition.deprecated}`;
  if (typeof globalThis.process?.emitWarning === 'function') globalThis.process.emitWarning(text, { type: 'DeprecationWarning', code: 'CHUNKER_DEPRECATED' });
  else console.warn(text);
}
