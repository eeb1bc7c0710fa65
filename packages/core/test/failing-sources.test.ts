import { describe, expect, it } from 'vitest';
import { configure, Registry } from '../src/index.js';
import { bytes, frame, gear, later, small } from './samples.js';

/** What sources throw that are no part of Chunker. */
const THROWN: readonly (readonly [string, unknown])[] = [
  ['an error', new Error('the network is gone')],
  ['an error with a code', Object.assign(new Error('EIO'), { code: 'EIO' })],
  ['text', 'gone'],
  ['nothing', undefined],
  ['an object that cannot be text', Object.create(null)],
];

async function* failing(pieces: readonly Uint8Array[], thrown: unknown): AsyncGenerator<Uint8Array> {
  yield* pieces;
  throw thrown;
}

async function thrownBy(stream: AsyncIterable<unknown>): Promise<readonly [unknown]> {
  try {
    for await (const _ of stream);
  } catch (error) {
    return [error];
  }
  throw new Error('the stream ended as if its source had');
}

describe.each(THROWN)('a source that throws %s', (_, thrown) => {
  it.each([
    ['here', small],
    ['later', later],
  ] as const)('hands it through a codec that answers %s', async (_when, algorithm) => {
    const codec = await configure(algorithm as typeof small);
    for (const pieces of [[], [bytes(100)], [bytes(100), bytes(70_000)]])
      expect((await thrownBy(codec.compressStream(failing(pieces, thrown))))[0]).toBe(thrown);
    expect((await thrownBy(codec.decompressStream(failing([frame(bytes(100)).subarray(0, 5)], thrown))))[0]).toBe(thrown);
    const transformed = new ReadableStream({ pull: () => Promise.reject(thrown) }).pipeThrough(codec.compressor() as never);
    expect((await thrownBy(transformed as unknown as AsyncIterable<unknown>))[0]).toBe(thrown);
  });

  it('hands it through a chunker', async () => {
    const chunker = await configure(gear);
    for (const pieces of [[], [bytes(100)]]) expect((await thrownBy(chunker.chunkStream(failing(pieces, thrown))))[0]).toBe(thrown);
  });

  it('is told to whoever listens, as an error', async () => {
    const registry = Registry.of(small);
    const told: unknown[] = [];
    registry.events.on((event) => event.type === 'error' && told.push(event.error));
    await thrownBy((await registry.codec(small)).compressStream(failing([bytes(10)], thrown)));
    expect(told).toEqual([thrown instanceof Error ? thrown : expect.any(Error)]);
  });
});
