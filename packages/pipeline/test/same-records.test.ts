import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PipelineInput, pipeline } from '@chunker/pipeline';
import { registry, sampleBytes } from './algorithms.js';
import { collect, expected } from './records.js';

const OPTIONS = { min: 500, max: 9000, bits: 8 };
const SMALL = { windowBytes: 65_536, payload: 'view' } as const;

/** The data in pieces of these lengths, the last as long as it takes. */
function pieces(data: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const all: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; at < data.length; i++) {
    const length = lengths[i % lengths.length] as number;
    all.push(data.subarray(at, at + length));
    at += length;
  }
  return all;
}

async function* later(all: readonly Uint8Array[]) {
  for (const piece of all) {
    await Promise.resolve();
    yield piece;
  }
}

function webStream(all: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const rest = [...all];
  return new ReadableStream({
    pull(controller) {
      const piece = rest.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece.slice());
    },
  });
}

const FORMS: Record<string, (all: Uint8Array[], data: Uint8Array) => PipelineInput> = {
  bytes: (_, data) => data,
  blob: (_, data) => new Blob([data as BlobPart]),
  array: (all) => all,
  generator: (all) => later(all),
  'Node stream': (all) => Readable.from(all),
  'Web stream': (all) => webStream(all),
};

describe('the records of a pipeline', () => {
  it('are those of the stages one by one, whatever the source, the mode and the queue', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 0, max: 400_000 }),
      fc.integer({ min: 1, max: 2 ** 30 }),
      fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(...Object.keys(FORMS)),
      fc.constantFrom('parallel' as const, 'sequential' as const),
      fc.boolean(),
      fc.integer({ min: 2, max: 9 }),
      async (length, seed, lengths, form, mode, dedup, queue) => {
        const data = sampleBytes(length, seed);
        const line = pipeline(registry).chunk('lowbits', OPTIONS).hash('sha1').compress('flate');
        const input = (FORMS[form] as (typeof FORMS)[string])(pieces(data, lengths), data);
        const run = (dedup ? line.dedup() : line).run(input, { ...SMALL, mode, queue });
        expect(await collect(run)).toEqual(await expected(data, OPTIONS, dedup));
        const summary = await run.summary();
        expect(summary.bytes).toBe(length);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('are the same set in any order when unordered', async () => {
    const data = sampleBytes(500_000);
    const line = pipeline(registry).chunk('lowbits', OPTIONS).hash('sha1').compress('slow');
    const ordered = await collect(line.run(data, SMALL));
    const unordered = await collect(line.run(data, { ...SMALL, unordered: true }));
    expect([...unordered].sort((a, b) => a.offset - b.offset)).toEqual(ordered);
  });

  it('are windows when nothing cuts', async () => {
    const data = sampleBytes(150_000);
    const records = await collect(pipeline(registry).hash('sha1').run(data, { windowBytes: 65_536 }));
    expect(records.map(({ offset, length }) => [offset, length])).toEqual([
      [0, 65_536],
      [65_536, 65_536],
      [131_072, 18_928],
    ]);
  });

  it.each([0, 65_536, 131_072])('come out right for %i bytes, where windows end with the input', async (length) => {
    const data = sampleBytes(length);
    const run = pipeline(registry).chunk('lowbits', OPTIONS).hash('sha1').compress('flate').run(data, SMALL);
    expect(await collect(run)).toEqual(await expected(data, OPTIONS, false));
  });

  it('have whole-input digests beside them that do not depend on chunks', async () => {
    const data = sampleBytes(300_001);
    const sha1 = await registry.hash('sha1');
    const run = pipeline(registry).chunk('lowbits', OPTIONS).digest('sha1').run(data, { windowBytes: 65_536 });
    const { digests } = await run.summary();
    expect(digests[0]).toEqual(await sha1.hash(data));
  });
});
