import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { defineChunker, defineCodec, defineHash, Registry } from '@chunker/core';
import { describe, expect, it } from 'vitest';
import { pipeline, type StageName, type WindowSource } from '@chunker/pipeline';
import { lowbits, sampleBytes } from './algorithms.js';

const WINDOW = 65_536;
const data = sampleBytes(500_000);

/** Counts the calls of each stage and lets one of them fail. */
class Saboteur {
  readonly calls = new Map<StageName, number>();
  live = 0;
  readonly targets: Uint8Array[] = [];
  closed = 0;

  constructor(
    readonly stage: StageName,
    readonly at: number,
  ) {}

  pass(stage: StageName): void {
    const calls = (this.calls.get(stage) ?? 0) + 1;
    this.calls.set(stage, calls);
    if (stage === this.stage && calls === this.at) throw new Error(`call ${calls} of ${stage}`);
  }

  source(): WindowSource {
    let at = 0;
    return {
      fill: async (target) => {
        this.targets.push(target);
        await new Promise((resolve) => setImmediate(resolve));
        this.pass('read');
        const piece = data.subarray(at, at + target.length);
        target.set(piece);
        at += piece.length;
        return piece.length;
      },
      close: async () => {
        this.closed += 1;
      },
    };
  }

  registry() {
    const chunker = defineChunker({
      name: 'cutting',
      options: {
        '~standard': {
          version: 1 as const,
          vendor: 'test',
          validate: () => ({ value: {} }),
          types: undefined as unknown as { readonly input: object; readonly output: object },
        },
      },
      cutter: () => ({
        minSize: 1,
        maxSize: 5000,
        nextCut: (window: Uint8Array) => {
          if (window[0] === data[0]) this.pass('chunk');
          return Math.min(5000, window.length);
        },
      }),
    });
    const hash = defineHash({
      name: 'hashing',
      digestLength: 20,
      hash: (bytes) => {
        this.pass('hash');
        return new Uint8Array(createHash('sha1').update(bytes).digest());
      },
    });
    const whole = defineHash({
      name: 'whole',
      digestLength: 1,
      hash: () => new Uint8Array(1),
      create: () => {
        this.live += 1;
        return {
          update: () => this.pass('digest'),
          digest: () => new Uint8Array(1),
          dispose: () => {
            this.live -= 1;
          },
        };
      },
    });
    const codec = defineCodec({
      name: 'packing',
      compress: async (bytes) => {
        const copy = bytes.slice();
        await new Promise((resolve) => setImmediate(resolve));
        this.pass('compress');
        return new Uint8Array(deflateRawSync(copy, { level: 1 }));
      },
      decompress: (bytes) => {
        this.pass('verify');
        return new Uint8Array(inflateRawSync(bytes));
      },
    });
    return Registry.of(lowbits, chunker, hash, whole, codec);
  }
}

/** A run with a fault; answers the error and how often the stage was called. */
async function sabotaged(stage: StageName, at: number, mode: 'parallel' | 'sequential') {
  const saboteur = new Saboteur(stage, at);
  const registry = saboteur.registry();
  const run = pipeline(registry).chunk('cutting').hash('hashing').compress('packing').digest('whole').verify();
  let error: unknown;
  try {
    for await (const _ of run.run(saboteur.source(), { windowBytes: WINDOW, mode, payload: 'view', queue: 3 }));
  } catch (thrown) {
    error = thrown;
  }
  expect(saboteur.closed).toBe(1);
  expect(saboteur.live).toBe(0);
  expect(saboteur.targets.every((target) => target.length === 0)).toBe(true);
  await registry.dispose();
  return { error, calls: saboteur.calls.get(stage) ?? 0 };
}

describe.each(['parallel', 'sequential'] as const)('a fault (%s)', (mode) => {
  it.each(['read', 'chunk', 'hash', 'compress', 'verify', 'digest'] as const)(
    'in any call of %s names stage and offset and leaves nothing behind',
    async (stage) => {
      const { error: none, calls } = await sabotaged(stage, Number.POSITIVE_INFINITY, mode);
      expect(none).toBeUndefined();
      expect(calls).toBeGreaterThan(0);
      const step = Math.max(1, Math.floor(calls / 12));
      for (let at = 1; at <= calls; at += step) {
        const { error } = await sabotaged(stage, at, mode);
        expect(error).toMatchObject({ code: 'stage_failed', details: { stage } });
        const { offset } = (error as { details: { offset: number } }).details;
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset).toBeLessThanOrEqual(data.length);
        if (mode === 'sequential' && (stage === 'compress' || stage === 'verify')) expect(offset).toBe((at - 1) * 5000);
        if (stage === 'read') expect(offset).toBe((at - 1) * WINDOW);
      }
    },
  );
});

describe('a slow stage', () => {
  it.each([2, 3, 6])('stops the ones before it at a queue of %i windows', async (queue) => {
    const saboteur = new Saboteur('read', Number.POSITIVE_INFINITY);
    let delivered = 0;
    let most = 0;
    let [packing, mostPacking] = [0, 0];
    const slow = defineCodec({
      name: 'slow-packing',
      compress: async (bytes) => {
        const copy = bytes.slice();
        packing += 1;
        mostPacking = Math.max(mostPacking, packing);
        most = Math.max(most, saboteur.targets.length - delivered);
        await new Promise((resolve) => setTimeout(resolve, 2));
        packing -= 1;
        return copy;
      },
      decompress: (bytes) => bytes.slice(),
    });
    const registry = Registry.of(lowbits, slow);
    const run = pipeline(registry)
      .chunk('lowbits', { min: 2000, max: 9000, bits: 10 })
      .compress('slow-packing')
      .run(saboteur.source(), { windowBytes: WINDOW, queue, payload: 'view' });
    for await (const _ of run.batches()) delivered += 1;
    expect(delivered).toBeGreaterThan(5);
    // What was read and not delivered: the queue, and the batch in the consumer's hands.
    expect(most).toBeLessThanOrEqual(queue + 1);
    expect(most).toBeGreaterThanOrEqual(2);
  });

  it('keeps memory within the buffer limit', async () => {
    const bufferLimitBytes = 4 * 1024 * 1024;
    const alive = new Set<Uint8Array>();
    let most = 0;
    let at = 0;
    const source: WindowSource = {
      async fill(target) {
        alive.add(target);
        for (const one of alive) if (one.length === 0) alive.delete(one);
        most = Math.max(
          most,
          [...alive].reduce((sum, one) => sum + one.buffer.byteLength, 0),
        );
        at += 1;
        return at > 100 ? 0 : target.length;
      },
      close: async () => {},
    };
    const registry = new Saboteur('read', Number.POSITIVE_INFINITY).registry();
    const run = pipeline(registry).chunk('cutting').compress('packing').run(source, { windowBytes: 262_144, bufferLimitBytes, queue: 64, payload: 'view' });
    for await (const _ of run.batches()) await new Promise((resolve) => setImmediate(resolve));
    expect(at).toBe(101);
    expect(most).toBeGreaterThan(262_144);
    expect(most).toBeLessThanOrEqual(bufferLimitBytes);
  });
});
