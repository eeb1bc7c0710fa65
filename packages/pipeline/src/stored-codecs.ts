import type { Codec } from '@chunker/core';
import { invalidPipeline } from './errors.js';
import type { Manifest } from './manifest.js';
import type { SpecReader } from './reassemble.js';
import { STORED } from './strategy/stored.js';

/** The codecs that a manifest names, taken when a chunk first needs them. */
export class StoredCodecs {
  readonly #registry: SpecReader;
  readonly #manifest: Manifest;
  readonly #taken = new Map<string, Promise<Codec>>();
  /** With a strategy: the codec of the chunk that a repeated one repeats, by hash. */
  readonly #byHash = new Map<string, number>();

  constructor(registry: SpecReader, manifest: Manifest) {
    this.#registry = registry;
    this.#manifest = manifest;
    const { hashes, codecs } = manifest;
    for (const [i, codec] of (codecs ?? []).entries()) {
      const hash = hashes?.[i];
      if (codec !== null && hash !== undefined && !this.#byHash.has(hash)) this.#byHash.set(hash, codec);
    }
  }

  /** The spec of the codec that chunk `index` was compressed with, as far as the manifest tells; `identity` for one that is stored as it is. */
  specOf(index: number): string | undefined {
    const { specs, codecs, hashes } = this.#manifest;
    if (specs.codecs === undefined) return specs.codec ?? STORED;
    const codec = codecs?.[index] ?? this.#byHash.get(hashes?.[index] ?? '');
    return codec === undefined ? undefined : specs.codecs[codec];
  }

  /** Undefined where the bytes are stored as they are. */
  codec(spec: string | undefined): Promise<Codec | undefined> {
    if (spec === undefined) throw invalidPipeline('a repeated chunk was compressed by another run: fetchChunk must answer { payload, codec }');
    if (spec === STORED) return Promise.resolve(undefined);
    const taken = this.#taken.get(spec) ?? takeCodec(this.#registry, spec);
    this.#taken.set(spec, taken);
    return taken;
  }
}

async function takeCodec(registry: SpecReader, spec: string): Promise<Codec> {
  const taken = (await registry.parse(spec)) as Codec;
  if (taken.kind !== 'codec') throw invalidPipeline(`the manifest's codec '${spec}' is a ${taken.kind}`);
  return taken;
}
