import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Codec, Registry } from '@chunker/core';
import { describe, expect, it } from 'vitest';
import { lzma, xz } from '../src/index.js';
import { gathered, lzmaWith, outcome, pieces, same, xzWith } from './kernels.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = resolve(root, process.env.CHUNKER_VECTORS ?? '../shared/vectors', 'xz');
const present = existsSync(folder);
if (!present && process.env.CI) throw new Error(`CHUNKER_VECTORS: nothing at ${folder}`);
const skipped = present ? '' : ` (skipped: CHUNKER_VECTORS, nothing at ${folder})`;

interface Case {
  readonly file: string;
  readonly sha256: string;
  readonly expect: string;
  readonly ifClaimed?: string;
  readonly plain?: { readonly bytes: number; readonly sha256: string };
}
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const list = present ? (JSON.parse(readFileSync(resolve(folder, 'vectors.json'), 'utf8')) as { cases: Case[] }).cases : [];
const of = (expected: string) => list.filter((one) => one.expect === expected);
const limit = { maxOutputBytes: 2 ** 30 };

function bytesOf(one: Case): Uint8Array {
  const data = new Uint8Array(readFileSync(resolve(folder, one.file)));
  expect(sha256(data), one.file).toBe(one.sha256);
  return data;
}

async function expectAccepted(codec: Codec, one: Case): Promise<void> {
  const data = bytesOf(one);
  const plain = await codec.decompress(data);
  expect([one.file, plain.length, sha256(plain)]).toEqual([one.file, one.plain?.bytes, one.plain?.sha256]);
  expect(same(codec.decompressSync(data), plain)).toBe(true);
  expect(same(await gathered(codec.decompressStream(pieces(data, () => 1))), plain)).toBe(true);
  const place = new Uint8Array(plain.length);
  expect(await codec.decompressInto(data, place)).toBe(plain.length);
  expect(same(place, plain)).toBe(true);
}

/** The code, which every door tells. */
async function refusal(codec: Codec, one: Case): Promise<string> {
  const data = bytesOf(one);
  const whole = await outcome(() => codec.decompress(data));
  expect(await outcome(() => codec.decompressSync(data))).toBe(whole);
  expect(
    await outcome(() =>
      gathered(
        codec.decompressStream(
          pieces(data, () => 1),
          limit,
        ),
      ),
    ),
  ).toBe(whole);
  expect([one.file, whole]).not.toContain('accepted');
  return whole;
}

// Codes and offsets of each refused file stand in native/kernels/xz/tests/vectors.rs.
describe.skipIf(!present)(`files of the format's own implementation${skipped}`, () => {
  it('accepts what is good and refuses what is bad, by every door', async () => {
    const codec = await xzWith();
    for (const one of of('accept')) await expectAccepted(codec, one);
    for (const one of [...of('refuse'), ...of('either')]) {
      const code = await refusal(codec, one);
      if (one.file.startsWith('unsupported')) expect(code, one.file).toBe('unsupported_feature');
    }
    expect([of('accept').length, of('refuse').length, of('either').length]).toEqual([14, 32, 1]);
  });

  it('leaves other formats alone, and reads .lzma as lzma', async () => {
    const [one, other] = [await xzWith(), await lzmaWith()];
    const alone = Registry.of(xz);
    const both = Registry.of(xz, lzma);
    for (const file of of('other-format')) {
      const data = bytesOf(file);
      expect(await refusal(one, file), file.file).toBe('unknown_format');
      expect(await outcome(() => alone.decompressAuto(data))).toBe('unknown_format');
      if (!file.file.endsWith('.lzma')) expect([file.file, await outcome(() => both.decompressAuto(data))]).toEqual([file.file, 'unknown_format']);
      else if (file.ifClaimed === 'accept') {
        await expectAccepted(other, file);
        expect(sha256(await both.decompressAuto(data))).toBe(file.plain?.sha256);
      } else expect(['corrupt_data', 'truncated_input']).toContain(await refusal(other, file));
    }
    expect(of('other-format')).toHaveLength(18);
  });
});

it('golden streams of the xz command', async () => {
  const golden = JSON.parse(readFileSync(resolve(root, 'vectors/xz/golden.json'), 'utf8')) as {
    cases: { name: string; format: string; stream: string; bytes: number; sha256: string; blocks?: number }[];
  };
  const codecs = { xz: await xzWith(), lzma: await lzmaWith() };
  for (const one of golden.cases) {
    const stream = new Uint8Array(Buffer.from(one.stream, 'base64'));
    const codec = codecs[one.format as 'xz' | 'lzma'];
    const plain = codec.decompressSync(stream);
    expect([one.name, plain.length, sha256(plain)]).toEqual([one.name, one.bytes, one.sha256]);
    if (one.blocks !== undefined) expect(codec.inspect?.(stream)).toMatchObject({ blocks: one.blocks, contentBytes: one.bytes });
  }
  expect(golden.cases.length).toBeGreaterThan(10);
});
