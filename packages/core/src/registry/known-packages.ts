import type { AlgorithmKind } from '../contracts/index.js';

// Data for one sentence of an error: which package to install for a name that nobody registered. Nothing else may lean on it.
const PACKAGES: Readonly<Record<AlgorithmKind, ReadonlyMap<string, string>>> = {
  codec: new Map([
    ...['zstd', 'xz', 'lz4', 'bzip2'].map((name) => [name, `@chunker/codec-${name}`] as const),
    ['lzma', '@chunker/codec-xz'],
    ...['identity', 'gzip', 'deflate', 'brotli'].map((name) => [name, '@chunker/basics'] as const),
  ]),
  hash: new Map([
    ...['blake3', 'sha256'].map((name) => [name, `@chunker/hash-${name}`] as const),
    ...['md5', 'sha512'].map((name) => [name, '@chunker/basics'] as const),
  ]),
  chunker: new Map([
    ...['fastcdc', 'rabin', 'buzhash', 'gear', 'mincdc'].map((name) => [name, `@chunker/chunking-${name}`] as const),
    ['fixed', '@chunker/basics'],
  ]),
};

/** The package of ours that brings an algorithm of this name. */
export function packageOf(kind: AlgorithmKind, name: string): string | undefined {
  return PACKAGES[kind].get(name);
}

/** The kind of an algorithm of ours by its name, so that a missing one is asked for by the right word. */
export function kindOf(name: string): AlgorithmKind | undefined {
  return (Object.keys(PACKAGES) as AlgorithmKind[]).find((kind) => PACKAGES[kind].has(name));
}
