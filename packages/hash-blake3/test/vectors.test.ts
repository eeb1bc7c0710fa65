import type { Hash } from '@chunker/core';
import { describe, expect, it } from 'vitest';
import { KERNELS, on } from './kernels.js';
import { counting, hex, ours, present, skipped, theirs } from '../../../vectors/reader.js';

interface Case {
  readonly length: number;
  readonly hash: string;
  readonly keyed_hash: string;
  readonly derive_key: string;
}

interface Vectors {
  readonly key: string;
  readonly context: string;
  readonly cases: readonly Case[];
}

const official = (): Vectors => {
  const { key, context_string, cases } = JSON.parse(theirs('blake3/test_vectors.json'));
  return { key, context: context_string, cases: cases.map((one: { input_len: number }) => ({ ...one, length: one.input_len })) };
};

const golden = (): Vectors => {
  const { key, context, cases } = JSON.parse(ours('blake3/golden.json'));
  return { key, context, cases: cases.map((one: { inputLength: number }) => ({ ...one, length: one.inputLength })) };
};

async function* pieces(data: Uint8Array, size: number) {
  for (let start = 0; start < data.length; start += size) yield data.subarray(start, start + size);
}

/** Every way of a hash to a digest. */
async function everyWay(hash: Hash, data: Uint8Array): Promise<ReadonlyMap<string, string>> {
  const state = hash.create();
  await state.update(data.subarray(0, data.length >> 1));
  const copy = state.clone();
  await state.update(new Uint8Array(5));
  await copy.update(data.subarray(data.length >> 1));
  const atOnce = hash.create();
  atOnce.updateSync(data.subarray(0, data.length >> 1));
  atOnce.clone().updateSync(new Uint8Array(5));
  atOnce.updateSync(data.subarray(data.length >> 1));
  const many = await hash.hashMany([data, data.subarray(0, data.length >> 1), data]);
  const manySync = hash.hashManySync({ buffer: data, ranges: { lengths: Uint32Array.of(data.length, 0), offsets: Float64Array.of(0, data.length) } });
  return new Map([
    ['hash', hex(await hash.hash(data))],
    ['hashSync', hex(hash.hashSync(data))],
    ['hashMany first', hex(many.subarray(0, hash.digestLength))],
    ['hashMany last', hex(many.subarray(2 * hash.digestLength))],
    ['hashManySync', hex(manySync.subarray(0, hash.digestLength))],
    ['incremental', hex(await copy.digest())],
    ['incremental at once', hex(atOnce.digestSync())],
    ['hashStream', hex(await hash.hashStream(pieces(data, 77_777)))],
  ]);
}

describe.each(KERNELS.map(({ kernel, skip }) => [kernel, skip] as const))('the %s kernel %s', (kernel, skip) => {
  const check = async (vectors: Vectors, lengths: readonly number[]) => {
    const key = new TextEncoder().encode(vectors.key);
    for (const length of lengths) {
      const modes = {
        hash: await on(kernel, { length }),
        keyed_hash: await on(kernel, { length }, { key }),
        derive_key: await on(kernel, { length, context: vectors.context }),
      };
      for (const one of vectors.cases) {
        const data = counting(one.length);
        for (const [mode, hash] of Object.entries(modes)) {
          const wanted = one[mode as keyof typeof modes].slice(0, 2 * length);
          for (const [way, digest] of await everyWay(hash, data)) expect(digest, `${way}, ${mode} of ${one.length}`).toBe(wanted);
        }
      }
    }
  };

  it.skipIf(skip !== '' || !present)(`agrees with the official vectors ${present ? '' : skipped}`, () => {
    const vectors = official();
    expect(vectors.cases).toHaveLength(35);
    return check(vectors, [32, 131, 1, 20]);
  });
  it.skipIf(skip !== '')('agrees with b3sum beyond 100 KiB', () => {
    const vectors = golden();
    expect(vectors.cases).toHaveLength(14);
    // JavaScript takes a second for 100 MB, and each case is hashed seven times in three modes.
    return check({ ...vectors, cases: vectors.cases.filter(({ length }) => kernel !== 'js' || length <= 2 ** 17 + 1) }, [kernel === 'js' ? 32 : 131]);
  });
});
