import type { CallParameters, Hash, Hasher } from '@chunker/core';
import type { Operation } from '../../operations.js';

const door = (name: string, run: Operation<'hash'>['run'], sync = false): Operation<'hash'> => ({
  name,
  sync,
  input: (_hash, sample) => Promise.resolve(sample.fresh()),
  run,
});

/** Every door of a hash. */
export const HASH_OPERATIONS: readonly Operation<'hash'>[] = [
  door('hash', (hash, data, call) => hash.hash(data, call)),
  door('hashSync', (hash, data, call) => hash.hashSync(data, call), true),
  door('hashMany', (hash, data, call) => hash.hashMany([data], call)),
  door('hashManySync', (hash, data, call) => hash.hashManySync([data], call), true),
  door('hashStream', (hash, data, call) => hash.hashStream([data], call)),
  door('create, update, digest', (hash, data, call) => incremental(hash, [data], call)),
];

/** The digest of pieces, fed one by one; each is awaited, so a piece may be written over when the next is made. */
export async function incremental(hash: Hash, pieces: Iterable<Uint8Array>, call?: CallParameters): Promise<Uint8Array> {
  const hasher = hash.create(call);
  try {
    for (const piece of pieces) await hasher.update(piece);
    return await hasher.digest();
  } finally {
    hasher.dispose();
  }
}

export function incrementalSync(hash: Hash, pieces: Iterable<Uint8Array>): Uint8Array {
  const hasher: Hasher = hash.create();
  try {
    for (const piece of pieces) hasher.updateSync(piece);
    return hasher.digestSync();
  } finally {
    hasher.dispose();
  }
}
