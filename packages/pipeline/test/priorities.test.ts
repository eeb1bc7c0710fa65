import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { defineChunker, defineCodec, defineHash, Registry } from '@chunker/core';
import { pipeline } from '@chunker/pipeline';
import { sampleBytes } from './algorithms.js';

it('is more urgent where more waits: the digest of the whole, then cutting, then hashing, then compressing', async () => {
  const seen = new Map<string, number[]>();
  const note = (stage: string, priority = 0) => {
    const before = seen.get(stage) ?? [];
    if (!before.includes(priority)) seen.set(stage, [...before, priority]);
  };
  const halves = defineChunker({
    name: 'halves',
    options: { '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ value: {} }) } },
    cutter: () => ({
      minSize: 1,
      maxSize: 40_000,
      nextCut: (window: Uint8Array) => Math.min(40_000, window.length),
      cutAll(window: Uint8Array, isLast: boolean, call) {
        note('cut', call?.priority);
        const lengths = new Array(Math.floor(window.length / 40_000)).fill(40_000);
        if (isLast && window.length % 40_000 > 0) lengths.push(window.length % 40_000);
        return Uint32Array.from(lengths);
      },
    }),
  });
  const sha1 = defineHash({
    name: 'sha1',
    digestLength: 20,
    hash(data, _options, call) {
      // Core tries the empty input to see what a hash can do.
      if (data.length > 0) note('hash', call.priority);
      return new Uint8Array(createHash('sha1').update(data).digest());
    },
    create(_options, call) {
      const state = createHash('sha1');
      return {
        update(data) {
          note('digest', call.priority);
          state.update(data);
        },
        digest: () => new Uint8Array(state.digest()),
      };
    },
  });
  const kept = defineCodec({
    name: 'kept',
    compress(data, _options, call) {
      note('compress', call.priority);
      return data.slice();
    },
    decompress: (data) => data.slice(),
  });
  const data = sampleBytes(500_000);
  const run = pipeline(Registry.of(halves, sha1, kept))
    .chunk('halves')
    .hash('sha1')
    .compress('kept')
    .digest('sha1')
    .run(data, { windowBytes: 65_536 });
  const { digests, chunks } = await run.summary();
  expect([Buffer.from(digests[0] as Uint8Array).toString('hex'), chunks]).toEqual([createHash('sha1').update(data).digest('hex'), 13]);
  expect(Object.fromEntries(seen)).toEqual({ digest: [3], cut: [2], hash: [1], compress: [0] });
});
