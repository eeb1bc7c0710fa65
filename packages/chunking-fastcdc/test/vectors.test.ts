import { describe, expect, it } from 'vitest';
import { ours, present, skipped, theirBytes, theirs } from '../../../vectors/reader.js';
import { profiles } from '../src/profiles.js';
import { golden, modulo } from './inputs.js';
import { cutOneByOne, bareCutter, KERNELS, on } from './kernels.js';

interface Case {
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  readonly normalization: number;
  readonly seed: number | string;
  readonly lengths: readonly number[];
}

interface GoldenCase extends Case {
  readonly name: string;
  readonly input: string;
  readonly inputSeed: number;
  readonly bytes: number;
}

const { cases: goldenCases } = JSON.parse(ours('fastcdc/golden.json')) as { readonly cases: readonly GoldenCase[] };
const optionsOf = ({ min, avg, max, normalization, seed }: Case) => ({ min, avg, max, normalization, seed });

describe.each(KERNELS)('golden cut points, %s kernel', (kernel) => {
  it.each(goldenCases.map((one, index) => [index, one.name, one] as const))('case %i: %s', async (_index, _name, one) => {
    const data = golden(one.input, one.inputSeed, one.bytes);
    const chunker = await on(kernel, optionsOf(one));
    expect([...chunker.chunkSync(data).lengths]).toEqual(one.lengths);
    expect([...(await chunker.chunk(data)).lengths]).toEqual(one.lengths);
    if (one.bytes < 300_000) expect(cutOneByOne(await bareCutter(kernel, optionsOf(one)), data)).toEqual(one.lengths);
  });
});

describe('profiles', () => {
  it.each(Object.entries(profiles))('%s is frozen and has golden cut points', async (profile, parameters) => {
    const one = goldenCases.find(({ name }) => name === profile);
    expect(one).toMatchObject({ ...parameters, seed: '0x0' });
    expect(Object.isFrozen(parameters)).toBe(true);
    const chunker = await on('native', { profile: profile as keyof typeof profiles });
    expect(chunker.profile).toBe(profile);
    const { input, inputSeed, bytes, lengths } = one as GoldenCase;
    expect([...chunker.chunkSync(golden(input, inputSeed, bytes)).lengths]).toEqual(lengths);
  });

  it('of the defaults of the requirement', () => {
    expect(profiles['nar@1']).toMatchObject({ min: 128 << 10, avg: 512 << 10, max: 2 << 20 });
    expect(profiles['large-packages@1']).toMatchObject({ min: 256 << 10, avg: 1 << 20, max: 4 << 20 });
    expect(profiles['small-packages@1']).toMatchObject({ min: 32 << 10, avg: 128 << 10, max: 512 << 10 });
    expect(profiles['high-latency@1']).toMatchObject({ min: 1 << 20, avg: 4 << 20, max: 16 << 20 });
    expect(profiles['low-bandwidth@1']).toMatchObject({ min: 16 << 10, avg: 64 << 10, max: 256 << 10 });
    expect(profiles['s3@1']).toMatchObject({ min: 1 << 20, avg: 4 << 20, max: 16 << 20 });
  });
});

interface SharedCase extends Case {
  readonly input: string;
  readonly inputBytes?: number;
  readonly firstBytes?: number;
}

interface Parameters {
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  readonly expect: 'accept' | 'refuse';
  readonly what: string;
}

const shared = present
  ? (JSON.parse(theirs('fastcdc/vectors.json')) as {
      readonly cases: readonly SharedCase[];
      readonly parameters: readonly Parameters[];
    })
  : { cases: [], parameters: [] };

function sharedInput({ input, inputBytes = 0, firstBytes }: SharedCase): Uint8Array {
  const divisor = /^byte i = i mod (\d+)$/.exec(input)?.[1];
  const constant = /^all bytes (\d+)$/.exec(input)?.[1];
  if (divisor !== undefined) return modulo(inputBytes, Number(divisor));
  if (constant !== undefined) return new Uint8Array(inputBytes).fill(Number(constant));
  return theirBytes(`fastcdc/${input}`).subarray(0, firstBytes);
}

describe.skipIf(!present).each(KERNELS)(`cut points of the fastcdc crate, %s kernel ${present ? '' : skipped}`, (kernel) => {
  it.each(shared.cases.map((one, index) => [index, one] as const))('case %i', async (_index, one) => {
    const chunker = await on(kernel, optionsOf(one));
    const data = sharedInput(one);
    expect([...chunker.chunkSync(data).lengths]).toEqual(one.lengths);
    const pushed = chunker.open();
    const chunks = [];
    for (let at = 0; at < data.length; at += 1000) chunks.push(...pushed.feed(data.subarray(at, at + 1000)));
    expect([...chunks, ...pushed.finish()].map(({ length }) => length)).toEqual(one.lengths);
  });
});

describe.skipIf(!present)(`parameters of the shared vectors ${present ? '' : skipped}`, () => {
  it.each(shared.parameters.map((one) => [one.what, one] as const))('%s', async (_what, { min, avg, max, expect: verdict }) => {
    const taking = on('native', { min, avg, max });
    if (verdict === 'accept') await expect(taking).resolves.toMatchObject({ maxSize: max });
    else await expect(taking).rejects.toMatchObject({ code: 'invalid_chunking_options' });
  });
});
