import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ComputingStream, PulledStream, throughGate } from '../src/runtime/index.js';

const PIECE = 64 * 1024;
const inflating = () => new PulledStream(zlib.createInflate({ chunkSize: PIECE }) as ComputingStream);

/** All pieces of a step, and what it returned. */
async function drained<T>(output: AsyncGenerator<Uint8Array, T>): Promise<{ pieces: Uint8Array[]; result: T }> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const next = await output.next();
    if (next.done === true) return { pieces, result: next.value };
    pieces.push(next.value);
  }
}

describe('the gate before libuv’s pool', () => {
  it('is one for all copies of core: never more than half of the pool is taken', async () => {
    let running = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
    };
    // Another copy: the same code, evaluated again.
    const other = (await import(/* @vite-ignore */ `../src/runtime/pool-gate.js?copy=${Date.now()}`)) as { throughGate: typeof throughGate };
    expect(other.throughGate).not.toBe(throughGate);
    await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? throughGate : other.throughGate)(work)));
    expect(most).toBe(Math.max(1, Math.floor(Number(process.env.UV_THREADPOOL_SIZE ?? 4) / 2)));
  });

  it('gives a failure’s place to the next', async () => {
    const failing = Array.from({ length: 9 }, () => throughGate(() => Promise.reject(new Error('no'))));
    expect((await Promise.allSettled(failing)).every(({ status }) => status === 'rejected')).toBe(true);
    await expect(throughGate(async () => 5)).resolves.toBe(5);
  });
});

describe('a pulled stream', () => {
  it('computes a piece ahead of its reader, and no more', async () => {
    const bomb = zlib.deflateSync(Buffer.alloc(64 << 20));
    const stream = inflating();
    const before = process.memoryUsage().arrayBuffers;
    const output = stream.write(bomb);
    for (let pieces = 0; pieces < 3; pieces++) {
      expect(((await output.next()).value as Uint8Array).length).toBeLessThanOrEqual(2 * PIECE);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20);
    }
    const { pieces, result } = await drained(output);
    expect(pieces.every((piece) => piece.length <= 2 * PIECE)).toBe(true);
    expect(result).toBe(bomb.length);
    await drained(stream.end());
    expect(stream.ended).toBe(true);
  });

  it.each([1, 7, 1000, 300_000])('gives everything of input in pieces of %i, and says where the format ended', async (size) => {
    const data = Buffer.from(Array.from({ length: size < 10 ? 3000 : 400_000 }, (_, i) => `${i * 7919} `).join(''));
    const packed = Buffer.concat([zlib.deflateSync(data), Buffer.from('more')]);
    const stream = inflating();
    const all: Uint8Array[] = [];
    let consumed = 0;
    for (let at = 0; at < packed.length && !stream.ended; at += size) {
      const { pieces, result } = await drained(stream.write(packed.subarray(at, at + size)));
      all.push(...pieces);
      consumed += result;
    }
    expect(Buffer.concat(all).equals(data)).toBe(true);
    expect(consumed).toBe(packed.length - 4);
  });

  it('fails with what node:zlib says, after what came before it', async () => {
    const packed = zlib.deflateSync(Buffer.from(Array.from({ length: 200_000 }, (_, i) => `${i} `).join('')));
    packed[packed.length - 1] = (packed.at(-1) as number) ^ 1;
    const output = inflating().write(packed);
    expect((await output.next()).value).toHaveLength(PIECE);
    await expect(drained(output)).rejects.toMatchObject({ code: 'Z_DATA_ERROR' });
    await expect(drained(inflating().end())).rejects.toMatchObject({ code: 'Z_BUF_ERROR' });
  });

  it('lets go of the gate when it is closed', async () => {
    const waiting = Array.from({ length: 8 }, () => {
      const stream = inflating();
      // A header alone gives nothing; `end` would complain.
      const ended = drained(stream.write(zlib.deflateSync(Buffer.alloc(1 << 20)))).catch((error: Error) => error.message);
      stream.close();
      return ended;
    });
    for (const ended of await Promise.all(waiting)) expect(ended).toBe('the stream was closed');
    await expect(throughGate(async () => 1)).resolves.toBe(1);
  });
});
