import { execFileSync, spawnSync } from 'node:child_process';
import * as zlib from 'node:zlib';
import { type Codec, configure } from '@chunker/core';
import { type ZstdInput, zstd } from '../src/index.js';

const platform = 'zstdCompress' in zlib;

/** Each kernel, and why its tests are skipped here, if they are. The native one is always built. */
export const KERNELS = [
  { kernel: 'native', skip: '' },
  { kernel: 'platform', skip: platform ? '' : `(skipped: node:zlib of ${process.version} has no zstd)` },
] as const;

export const HERE = KERNELS.filter(({ skip }) => skip === '').map(({ kernel }) => kernel);

/** Zstandard on one kernel and no other. */
export async function on(kernel: 'native' | 'platform', options: ZstdInput = {}, dictionary?: Uint8Array): Promise<Codec> {
  return configure(zstd, options, dictionary === undefined ? {} : { dictionary }, { kernel });
}

const hasCommand = spawnSync('zstd', ['--version']).status === 0;
if (!hasCommand && process.env.CI) throw new Error('CI needs the zstd command');

/** The `zstd` command as an oracle. Its absence is a failure in CI and a named skip elsewhere. */
export const command = { skip: hasCommand ? '' : '(skipped: no zstd command)', run: (flags: readonly string[], input: Uint8Array) => run(flags, input) };

function run(flags: readonly string[], input: Uint8Array): Uint8Array {
  return new Uint8Array(execFileSync('zstd', [...flags], { input, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] }));
}

/** The code that `work` fails with, or 'accepted'. */
export async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** Text-like data of a small vocabulary with some noise; the same for the same seed. */
export function sample(length: number, seed: number): Uint8Array {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
  const data = new Uint8Array(length);
  const text = new TextEncoder();
  for (let at = 0; at < length; ) {
    const piece = next() % 20 === 0 ? Uint8Array.from({ length: 8 }, next) : text.encode(`word${next() % 300} `);
    data.set(piece.subarray(0, length - at), at);
    at += piece.length;
  }
  return data;
}

/** `toEqual` takes milliseconds per ten thousand bytes. */
export function same(actual: Uint8Array, expected: Uint8Array): boolean {
  return Buffer.compare(actual, expected) === 0;
}

export async function gathered(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const output: Uint8Array[] = [];
  for await (const bytes of stream) output.push(bytes);
  return new Uint8Array(Buffer.concat(output));
}

export function* pieces(data: Uint8Array, size: () => number): Generator<Uint8Array> {
  for (let at = 0; at < data.length; ) {
    const length = Math.max(1, size());
    yield data.subarray(at, at + length);
    at += length;
  }
}
