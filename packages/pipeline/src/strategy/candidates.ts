import { type Codec, EFFORTS, type Effort, type Registered, type Registry } from '@chunker/core';
import { invalidPipeline } from '../errors.js';
import type { ResolvedStrategy } from './strategy.js';

/** As much of a registry as strategies use. */
export interface CodecShelf {
  list(kind: 'codec'): Pick<Registered, 'name' | 'efforts' | 'deprecated'>[];
  codec(name: string, options?: Readonly<Record<string, unknown>>): Promise<Codec>;
  detect(head: Uint8Array): string | undefined;
}

/** A codec with options that may be chosen. */
export interface Candidate {
  readonly name: string;
  /** What it declares; nothing for a codec that declares no efforts: it is tried with its default options. */
  readonly declared?: { readonly effort: Effort; readonly nanosecondsPerByte: number; readonly ratio: number };
  /** Takes the codec; the same one each time. */
  readonly take: () => Promise<Codec>;
}

/** All that may be chosen, in order of registration. Rejects with `algorithm_unknown` for a name that nobody registered. */
export async function candidatesOf(shelf: CodecShelf, { codecs }: ResolvedStrategy): Promise<Candidate[]> {
  const registered = shelf.list('codec');
  for (const name of codecs ?? []) if (!registered.some((one) => one.name === name)) await shelf.codec(name);
  const wanted = registered.filter(({ name, deprecated }) => (codecs === undefined ? deprecated === undefined : codecs.includes(name)));
  const candidates = wanted.flatMap((one) => candidatesOfOne(shelf, one));
  if (candidates.length === 0) throw invalidPipeline('no codec is registered that a strategy could choose');
  return candidates;
}

function candidatesOfOne(shelf: CodecShelf, { name, efforts = {} }: Pick<Registered, 'name' | 'efforts'>): Candidate[] {
  const declared = EFFORTS.flatMap((effort) => {
    const choice = efforts[effort];
    if (choice === undefined) return [];
    const { options, nanosecondsPerByte, ratio } = choice;
    return [{ name, declared: { effort, nanosecondsPerByte, ratio }, take: once(() => shelf.codec(name, options)) }];
  });
  return declared.length > 0 ? declared : [{ name, take: once(() => shelf.codec(name)) }];
}

/** A taking that failed is tried again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** A registry as strategies see it, whatever it holds. */
export function shelfOf(registry: Registry<never>): CodecShelf {
  const any = registry as unknown as Registry;
  return {
    list: (kind) => any.list(kind),
    codec: (name, options) => any.codec(name as string, options),
    detect: (head) => any.detect(head),
  };
}
