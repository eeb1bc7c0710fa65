// The border between JavaScript and native code, the encodings, and what loading core costs.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Registry } from '@chunker/core';
import { nixBase32 } from '@chunker/core/encoding';
import blake3 from '@chunker/hash-blake3/plugin';
import { ROOT } from '../../tools/workspace.mjs';
import { cpuTimed } from '../harness.mjs';

const ALPHABET = '0123456789abcdfghijklmnpqrsvwxyz';

/** What everybody writes first: one digit after the other. */
function byteLoop(bytes) {
  const length = Math.ceil((bytes.length * 8) / 5);
  let text = '';
  for (let n = length - 1; n >= 0; n--) {
    const bit = n * 5;
    const [at, shift] = [bit >> 3, bit & 7];
    text += ALPHABET[((bytes[at] >> shift) | ((bytes[at + 1] ?? 0) << (8 - shift))) & 31];
  }
  return text;
}

const perCall = (calls, work) => async () => {
  const began = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) work(i);
  return { value: Number(process.hrtime.bigint() - began) / calls };
};

export async function border({ registry, data }) {
  const hash = await registry.hash('blake3');
  const codec = await registry.codec('zstd');
  const small = data.subarray(0, 32);
  const output = new Uint8Array(1024);
  const digests = Array.from({ length: 4096 }, (_, i) => data.subarray(i * 32, i * 32 + 32));
  const joined = (encode) =>
    cpuTimed(() => {
      let text = '';
      for (let round = 0; round < 20; round++) text = digests.map(encode).join(' ');
      return text;
    });
  return [
    { name: 'nix-base32 of 32 bytes', against: 'a byte loop in JavaScript', target: 3, ours: () => joined(nixBase32.encode), theirs: () => joined(byteLoop) },
    {
      name: 'one synchronous hash of 32 bytes',
      limit: 10,
      unit: 'us',
      ours: async () => ({ value: (await perCall(20_000, () => hash.hashSync(small))()).value / 1000 }),
    },
    { name: 'the same, 99th percentile', limit: 10, unit: 'us', ours: () => percentile(() => hash.hashSync(small), 20_000, 0.99) },
    {
      name: 'one synchronous zstd call between two buffers',
      limit: 10,
      unit: 'us',
      ours: async () => ({ value: (await perCall(5_000, () => codec.compressIntoSync(small, output))()).value / 1000 }),
    },
    { name: 'a job on the executor, 64 in flight', limit: 2, unit: 'us', ours: () => handOver(small) },
    { name: 'results of 1 000 chunks', limit: 5, unit: 'us', ours: () => chunkResults(registry) },
    { name: "import '@chunker/core'", limit: 30, unit: 'ms', ours: importCost },
  ];
}

async function percentile(work, calls, share) {
  const times = new Float64Array(calls);
  for (let i = 0; i < calls; i++) {
    const began = process.hrtime.bigint();
    work();
    times[i] = Number(process.hrtime.bigint() - began) / 1000;
  }
  return { value: times.sort()[Math.floor(calls * share)] };
}

/** What a job costs: 64 in flight with next to no work, in a registry that keeps nothing on the calling thread. */
async function handOver(piece) {
  const registry = new Registry({ smallWork: { milliseconds: 0, totalBytes: 0 } }).register(...blake3);
  const hash = await registry.hash('blake3');
  const rounds = 1000;
  const began = process.hrtime.bigint();
  for (let round = 0; round < rounds; round++) await Promise.all(Array.from({ length: 64 }, () => hash.hash(piece)));
  const value = Number(process.hrtime.bigint() - began) / (64 * rounds) / 1000;
  await registry.dispose();
  return { value };
}

/** What 1 000 lengths cost on their way from Rust to JavaScript: with one size for all chunks there is nothing to scan, so the call is all there is. */
async function chunkResults(registry) {
  const chunker = await registry.chunker('fastcdc', { min: 1024, avg: 1024, max: 1024 });
  const bytes = new Uint8Array(1000 * 1024);
  const { length } = chunker.chunkSync(bytes);
  if (length !== 1000) throw new Error(`1 000 chunks were expected, not ${length}`);
  return { value: (await perCall(2000, () => chunker.chunkSync(bytes))()).value / 1000 };
}

function importCost() {
  const core = join(ROOT, 'packages', 'core', 'dist', 'index.js');
  const script = `const began = performance.now(); await import(${JSON.stringify(core)}); console.log(performance.now() - began)`;
  return { value: Number(spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout) };
}
