import { execFileSync, spawnSync } from 'node:child_process';
import { type Codec, configure } from '@chunker/core';
import { type LzmaInput, lzma, type XzInput, xz } from '../src/index.js';

/** xz on the native kernel, which is always built. */
export const xzWith = (options: XzInput = {}): Promise<Codec> => configure(xz, options, {}, { kernel: 'native' });

/** `.lzma` on the native kernel. */
export const lzmaWith = (options: LzmaInput = {}): Promise<Codec> => configure(lzma, options, {}, { kernel: 'native' });

const hasCommand = spawnSync('xz', ['--version']).status === 0;
if (!hasCommand && process.env.CI) throw new Error('CI needs the xz command');

/** The `xz` command as an oracle. Its absence is a failure in CI and a named skip elsewhere. */
export const command = { skip: hasCommand ? '' : '(skipped: no xz command)', run };

function run(flags: readonly string[], input: Uint8Array): Uint8Array {
  return new Uint8Array(execFileSync('xz', flags, { input, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] }));
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

export const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

export async function gathered(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const output: Uint8Array[] = [];
  for await (const bytes of stream) output.push(bytes);
  return joined(...output);
}

export function* pieces(data: Uint8Array, size: () => number): Generator<Uint8Array> {
  for (let at = 0; at < data.length; ) {
    const length = Math.max(1, size());
    yield data.subarray(at, at + length);
    at += length;
  }
}
