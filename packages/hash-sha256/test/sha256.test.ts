import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { configure, type Hash } from '@chunker/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../src/index.js';
import { counting, hex, ours, present, skipped, theirs } from '../../../vectors/reader.js';

const KERNELS = ['native', 'platform', 'js'] as const;

const on = (kernel: (typeof KERNELS)[number]): Promise<Hash> => configure(sha256, {}, {}, { kernel });

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
  const many = await hash.hashMany([data.subarray(1), data]);
  const ranges = { lengths: Uint32Array.of(0, data.length), offsets: Float64Array.of(data.length, 0) };
  return new Map([
    ['hash', hex(await hash.hash(data))],
    ['hashSync', hex(hash.hashSync(data))],
    ['hashMany', hex(many.subarray(32))],
    ['hashManySync', hex(hash.hashManySync({ buffer: data, ranges }).subarray(32))],
    ['incremental', hex(await copy.digest())],
    ['incremental at once', hex(atOnce.digestSync())],
    ['hashStream', hex(await hash.hashStream(pieces(data, 77_777)))],
  ]);
}

async function agrees(hash: Hash, data: Uint8Array, wanted: string) {
  for (const [way, digest] of await everyWay(hash, data)) expect(digest, `${way} of ${data.length} bytes`).toBe(wanted);
}

describe.each(KERNELS)('the %s kernel', (kernel) => {
  it.skipIf(!present).each([
    ['SHA256ShortMsg.rsp', 65],
    ['SHA256LongMsg.rsp', 64],
  ])(`agrees with CAVP's %s ${present ? '' : skipped}`, async (file, count) => {
    const hash = await on(kernel);
    const cases = [...theirs(`sha256/${file}`).matchAll(/^Len = (\d+)\r?\nMsg = ([0-9a-f]+)\r?\nMD = ([0-9a-f]{64})/gm)];
    expect(cases).toHaveLength(count);
    for (const [, bits, message, digest] of cases) {
      await agrees(hash, new Uint8Array(Buffer.from(message ?? '', 'hex').subarray(0, Number(bits) / 8)), digest ?? '');
    }
  });

  it('agrees with sha256sum around blocks and slices', async () => {
    const hash = await on(kernel);
    const { cases } = JSON.parse(ours('sha256/golden.json')) as { cases: { inputLength: number; hash: string }[] };
    expect(cases).toHaveLength(18);
    for (const { inputLength, hash: wanted } of cases) await agrees(hash, counting(inputLength), wanted);
  });

  it('gives the bytes of node:crypto’s for any ranges', async () => {
    const [hash, platform] = [await on(kernel), await on('platform')];
    const buffer = new Uint8Array(70_000).map((_, i) => (i * 2_654_435_761) >>> 11);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(3000), fc.nat(60_000)), { maxLength: 40 }), async (list) => {
        const ranges = { lengths: Uint32Array.from(list, ([size]) => size), offsets: Float64Array.from(list, ([, offset]) => offset) };
        const wanted = hex(platform.hashManySync({ buffer, ranges }));
        expect(hex(await hash.hashMany({ buffer, ranges }))).toBe(wanted);
        expect(hex(hash.hashManySync({ buffer, ranges }))).toBe(wanted);
      }),
      { numRuns: 30 },
    );
  });

  it('ends when it is aborted, with the caller’s reason', async () => {
    const hash = await on(kernel);
    const abort = new AbortController();
    const reason = new Error('enough');
    const running = hash.hash(new Uint8Array(64 << 20), { signal: abort.signal });
    setTimeout(() => abort.abort(reason), 5);
    await expect(running).rejects.toBe(reason);
  });

  it('hands out digests that share memory with nothing', async () => {
    const hash = await on(kernel);
    const digests = [hash.hashSync(new Uint8Array(1)), hash.hashSync(new Uint8Array(2)), await hash.hash(new Uint8Array(1))];
    for (const digest of digests) expect(digest.buffer.byteLength).toBe(32);
    expect(digests[0]).toEqual(digests[2]);
    expect(digests[0]).not.toEqual(digests[1]);
  });
});

describe('the event loop', () => {
  it.each(['native', 'platform'] as const)('goes on while the %s kernel hashes', async (kernel) => {
    const hash = await on(kernel);
    const data = new Uint8Array(128 << 20);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    // On a busy machine this thread may be the one that waits meanwhile; a loop that were blocked would never turn.
    for (let time = 0; time < 10 && turns <= 3; time++) await hash.hash(data);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});

const installed = spawnSync('sha256sum', ['--version']).status === 0;
if (!installed && process.env.CI) throw new Error('sha256sum is not installed');

describe.skipIf(!installed)(`sha256sum ${installed ? '' : '(skipped: not installed)'}`, () => {
  it('agrees on random data and sizes', async () => {
    const hash = await on('native');
    for (let round = 0; round < 10; round++) {
      const data = randomBytes(Math.floor(2 ** (24 * Math.random())));
      const wanted = execFileSync('sha256sum', { input: data, encoding: 'utf8' }).slice(0, 64);
      expect(hex(await hash.hash(data)), `${data.length} bytes`).toBe(wanted);
    }
  });
});
