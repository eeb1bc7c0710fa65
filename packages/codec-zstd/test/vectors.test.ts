import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inspect } from '../src/frames.js';
import { gathered, KERNELS, on, outcome, pieces, same } from './kernels.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = resolve(root, process.env.CHUNKER_VECTORS ?? '../shared/vectors', 'zstd');
const present = existsSync(folder);
if (!present && process.env.CI) throw new Error(`CHUNKER_VECTORS: nothing at ${folder}`);
const skipped = present ? '' : ` (skipped: CHUNKER_VECTORS, nothing at ${folder})`;

interface Case {
  readonly file: string;
  readonly sha256: string;
  readonly expect: string;
  readonly plain?: { readonly bytes: number; readonly sha256: string };
  readonly dictionary?: string;
  readonly windowBytes?: number;
}
const bytesOf = (path: string) => new Uint8Array(readFileSync(resolve(folder, path)));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
/** Streams have no limit unless they are given one; results in memory have this one. */
const LIMIT = { maxOutputBytes: 2 ** 30 };
const list = present ? (JSON.parse(readFileSync(resolve(folder, 'vectors.json'), 'utf8')) as { cases: Case[] }).cases : [];
const of = (expected: string) => list.filter((one) => one.expect === expected);

describe.each(KERNELS)('$kernel $skip', ({ kernel, skip }) => {
  describe.skipIf(skip !== '' || !present)(`files of other implementations${skipped}`, () => {
    it('accepts what is good, by every door', async () => {
      for (const one of of('accept')) {
        const data = bytesOf(one.file);
        expect(sha256(data), one.file).toBe(one.sha256);
        const codec = await on(kernel, {}, one.dictionary === undefined ? undefined : bytesOf(one.dictionary));
        const plain = await codec.decompress(data);
        expect([one.file, plain.length, sha256(plain)]).toEqual([one.file, one.plain?.bytes, one.plain?.sha256]);
        expect(same(codec.decompressSync(data), plain)).toBe(true);
        expect(same(await gathered(codec.decompressStream(pieces(data, () => 7))), plain)).toBe(true);
        const place = new Uint8Array(plain.length);
        expect(await codec.decompressInto(data, place)).toBe(plain.length);
        expect(same(place, plain)).toBe(true);
        if (one.dictionary !== undefined) expect(await outcome(async () => (await on(kernel)).decompress(data))).toBe('dictionary_missing');
      }
      expect(of('accept')).toHaveLength(38);
    });

    it('refuses what is bad, by every door', async () => {
      const codec = await on(kernel);
      for (const one of of('refuse')) {
        const data = bytesOf(one.file);
        const whole = await outcome(() => codec.decompress(data, LIMIT));
        expect([one.file, whole]).not.toContain('accepted');
        expect(await outcome(() => codec.decompressSync(data, LIMIT))).toBe(whole);
        expect([
          one.file,
          await outcome(() =>
            gathered(
              codec.decompressStream(
                pieces(data, () => 1),
                LIMIT,
              ),
            ),
          ),
        ]).toEqual([one.file, whole]);
      }
      expect(of('refuse')).toHaveLength(20);
    });

    it('round-trips the inputs at every level', async () => {
      const dictionary = bytesOf('golden-dictionaries/http-dict-missing-symbols');
      for (let level = -7; level <= 22; level++) {
        for (const codec of [await on(kernel, { level }), ...(kernel === 'native' ? [await on(kernel, { level }, dictionary)] : [])]) {
          for (const one of of('round-trip')) {
            const data = bytesOf(one.file);
            expect(same(codec.decompressSync(codec.compressSync(data)), data), `${one.file} at ${level}`).toBe(true);
          }
        }
      }
    });

    it('accepts windows of exactly the limit and refuses one byte less', async () => {
      const codec = await on(kernel);
      for (const one of of('accept').filter(({ windowBytes }) => windowBytes !== undefined)) {
        const maxMemoryBytes = one.windowBytes as number;
        const data = bytesOf(one.file);
        expect((await codec.decompress(data, { maxMemoryBytes })).length).toBe(one.plain?.bytes);
        await expect(codec.decompress(data, { maxMemoryBytes: maxMemoryBytes - 1 })).rejects.toMatchObject({
          code: 'memory_limit_exceeded',
          details: { scope: 'decoder', limit: maxMemoryBytes - 1, needed: maxMemoryBytes },
        });
      }
    });

    it('reads frames of another encoder with a dictionary', async () => {
      const [with_, without] = [await on(kernel, {}, bytesOf('dict/systemd-units.dict')), await on(kernel)];
      const lines = readFileSync(resolve(folder, 'dict/systemd-units.jsonl'), 'utf8').trim().split('\n');
      for (const line of lines) {
        const { zst, plain } = JSON.parse(line) as { zst: string; plain: string };
        const data = new Uint8Array(Buffer.from(zst, 'base64'));
        expect(Buffer.from(with_.decompressSync(data)).toString('utf8') === plain).toBe(true);
        expect(await outcome(() => without.decompressSync(data))).toBe('dictionary_missing');
      }
      expect(lines).toHaveLength(133);
    });
  });

  it.skipIf(skip !== '')('golden frames of the zstd command', async () => {
    const golden = JSON.parse(readFileSync(resolve(root, 'vectors/zstd/golden.json'), 'utf8')) as {
      dictionary: string;
      dictionaryId: number;
      cases: { name: string; frame: string; bytes: number; sha256: string; dictionary?: boolean }[];
    };
    const plainly = await on(kernel);
    const withDictionary = await on(kernel, {}, new Uint8Array(Buffer.from(golden.dictionary, 'base64')));
    for (const one of golden.cases) {
      const frame = new Uint8Array(Buffer.from(one.frame, 'base64'));
      const plain = (one.dictionary === true ? withDictionary : plainly).decompressSync(frame);
      expect([one.name, plain.length, sha256(plain)]).toEqual([one.name, one.bytes, one.sha256]);
      if (one.dictionary === true) {
        expect(() => plainly.decompressSync(frame)).toThrow(
          expect.objectContaining({ code: 'dictionary_missing', details: { algorithm: 'zstd', id: golden.dictionaryId } }),
        );
      }
    }
  });
});

describe.skipIf(!present)(`headers of other implementations${skipped}`, () => {
  it('are read alike by native code and JavaScript, and as listed', async () => {
    const native = await on('native');
    const lines = readFileSync(resolve(folder, 'headers.jsonl'), 'utf8').trim().split('\n');
    for (const line of lines) {
      const [, digits, expected] = JSON.parse(line) as [number, string, string | Record<string, unknown>];
      const head = new Uint8Array(Buffer.from(digits, 'hex'));
      const ours = attempt(() => native.inspect?.(head));
      expect(
        attempt(() => inspect(head)),
        line,
      ).toEqual(ours);
      if (typeof expected === 'string') {
        expect(ours, line).toBe(expected === 'unsupported_frame_parameter' ? 'unsupported_feature' : expected);
      } else if (!('skippable' in expected)) {
        const content = expected.contentSize === null ? undefined : Number(expected.contentSize);
        expect(ours, line).toMatchObject({ windowBytes: expected.windowSize ?? content, checksum: expected.checksum });
        expect((ours as { dictionaryId?: number }).dictionaryId ?? 0).toBe(expected.dictionaryId);
      }
    }
    expect(lines).toHaveLength(2525);
  });
});

function attempt<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return (error as { code: string }).code;
  }
}
