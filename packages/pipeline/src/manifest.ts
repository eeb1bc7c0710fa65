import { hex } from '@chunker/core/encoding';
import { invalidPipeline } from './errors.js';
import type { RecordBatch } from './record.js';

/**
 * What is needed to put an input together again from its chunks, as plain data: `JSON.stringify` and back keeps it whole. Chunks are in the order of the input; their offsets are the running sum of the
 * lengths.
 */
export interface Manifest {
  readonly version: 1;
  readonly bytes: number;
  /** The specs that made it; `registry.parse` reads them. A keyed hash's key is not among them. */
  readonly specs: {
    readonly chunker?: string;
    readonly hash?: string;
    readonly codec?: string;
    /** Instead of `codec`, with a strategy: the table that `codecs` points into. `identity` is what is stored as it is. */
    readonly codecs?: readonly string[];
  };
  /** Digests of the whole input, lower-case hex, by the spec of the hash. */
  readonly digests: Readonly<Record<string, string>>;
  readonly lengths: readonly number[];
  /** Digest of each chunk, lower-case hex; absent without a hash stage. */
  readonly hashes?: readonly string[];
  /** Compressed size of each chunk, `null` for a repeated one that was not compressed again; absent without a codec. */
  readonly compressedLengths?: readonly (number | null)[];
  /** With a strategy: index of each chunk's codec in `specs.codecs`, `null` for a repeated one. */
  readonly codecs?: readonly (number | null)[];
}

/** What is kept of a batch. */
type Rows = Pick<RecordBatch, 'start' | 'lengths' | 'digests' | 'compressedLengths' | 'codecs'>;

/** The columns of a manifest that have one entry per chunk. */
export type ManifestColumns = Pick<Manifest, 'lengths' | 'hashes' | 'compressedLengths' | 'codecs'>;

/** Keeps the rows of a manifest compactly while a pipeline runs. */
export class ManifestRows {
  readonly #batches: Rows[] = [];

  add({ start, lengths, digests, compressedLengths, codecs }: RecordBatch): void {
    this.#batches.push({ start, lengths, digests, compressedLengths, codecs });
  }

  /** Takes the rows of a checkpoint: those before all others. */
  restore({ lengths, hashes, compressedLengths, codecs }: ManifestColumns): void {
    if (lengths.length === 0) return;
    this.#batches.push({
      start: 0,
      lengths: Uint32Array.from(lengths),
      digests: hashes === undefined ? undefined : joined(hashes.map((hash) => hex.decode(hash))),
      compressedLengths: compressedLengths === undefined ? undefined : Uint32Array.from(compressedLengths, (length) => length ?? 0),
      codecs: codecs === undefined ? undefined : Uint16Array.from(codecs, (codec) => codec ?? 0),
    });
  }

  manifest(bytes: number, specs: Manifest['specs'], digests: Manifest['digests']): Manifest {
    return { version: 1, bytes, specs, digests, ...this.rows(specs) };
  }

  /** The rows so far, in the order of the input. */
  rows(specs: Manifest['specs']): ManifestColumns {
    const lengths: number[] = [];
    const hashes: string[] = [];
    const compressedLengths: (number | null)[] = [];
    const codecs: (number | null)[] = [];
    // Unordered pipelines deliver as it is done; a manifest is in the input's order.
    for (const batch of this.#batches.sort((a, b) => a.start - b.start)) {
      const size = (batch.digests?.length ?? 0) / batch.lengths.length;
      for (let i = 0; i < batch.lengths.length; i++) {
        lengths.push(batch.lengths[i] as number);
        if (batch.digests !== undefined) hashes.push(hex.encode(batch.digests.subarray(i * size, (i + 1) * size)));
        const compressed = batch.compressedLengths?.[i] || null;
        compressedLengths.push(compressed);
        codecs.push(compressed === null ? null : (batch.codecs?.[i] ?? 0));
      }
    }
    return {
      lengths,
      ...(specs.hash === undefined ? {} : { hashes }),
      ...(specs.codec === undefined && specs.codecs === undefined ? {} : { compressedLengths }),
      ...(specs.codecs === undefined ? {} : { codecs }),
    };
  }
}

function joined(digests: readonly Uint8Array[]): Uint8Array {
  const size = digests[0]?.length ?? 0;
  const bytes = new Uint8Array(digests.length * size);
  for (const [i, digest] of digests.entries()) bytes.set(digest, i * size);
  return bytes;
}

/** Checks the form of a manifest that came from elsewhere. */
export function checkManifest(value: unknown): Manifest {
  const manifest = value as Manifest;
  if (typeof manifest !== 'object' || manifest === null || manifest.version !== 1) throw invalidPipeline('this is no manifest of version 1');
  const { lengths, hashes, bytes, specs } = manifest;
  if (typeof specs !== 'object' || specs === null) throw invalidPipeline('the manifest names no specs');
  if (!Array.isArray(lengths) || !lengths.every((length) => Number.isSafeInteger(length) && length > 0)) {
    throw invalidPipeline('the lengths of the manifest are no list of positive integers');
  }
  if (lengths.reduce((sum, length) => sum + length, 0) !== bytes) throw invalidPipeline('the lengths of the manifest do not add up to its bytes');
  if (hashes !== undefined && !(Array.isArray(hashes) && hashes.length === lengths.length && hashes.every((hash) => typeof hash === 'string'))) {
    throw invalidPipeline('the manifest does not have one hash per chunk');
  }
  checkCodecs(manifest);
  return manifest;
}

function checkCodecs({ specs, codecs, lengths }: Manifest): void {
  if (specs.codecs === undefined && codecs === undefined) return;
  const table = specs.codecs;
  if (!Array.isArray(table) || !table.every((spec) => typeof spec === 'string')) throw invalidPipeline('the codecs of the manifest are no list of specs');
  const known = (codec: unknown) => codec === null || (Number.isSafeInteger(codec) && (codec as number) >= 0 && (codec as number) < table.length);
  if (!Array.isArray(codecs) || codecs.length !== lengths.length || !codecs.every(known)) {
    throw invalidPipeline('the manifest does not have one codec of its table per chunk');
  }
}
