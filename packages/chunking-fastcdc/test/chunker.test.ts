import { describe, expect, it } from 'vitest';
import { golden } from './inputs.js';
import { bareCutter, KERNELS, on } from './kernels.js';

const noise = (length: number) => golden('random', 99, length);

describe.each(KERNELS)('sizes, %s kernel', (kernel) => {
  it('declares what it keeps: an odd minimum allows a chunk of one byte less', async () => {
    const odd = await on(kernel, { min: 4097, avg: 16_001, max: 65_535 });
    expect([odd.minSize, odd.targetSize, odd.maxSize]).toEqual([4096, 16_001, 65_535]);
    expect((await on(kernel, {})).minSize).toBe(256 * 1024);
  });

  it('gives no chunk for no bytes and one for up to min', async () => {
    const chunker = await on(kernel, { min: 100, avg: 256, max: 1024 });
    for (const length of [0, 1, 99, 100]) expect([...chunker.chunkSync(noise(length)).lengths]).toEqual(length === 0 ? [] : [length]);
  });
});

describe('options', () => {
  it.each([
    [{ min: 63 }, 'min'],
    [{ min: 1.5 }, 'min'],
    [{ max: 2 ** 24 + 1 }, 'max'],
    [{ normalization: 4 }, 'normalization'],
    [{ min: 1024, avg: 512 }, 'min'],
    [{ avg: 4096, max: 2048, min: 64 }, 'avg'],
    [{ seed: -1 }, 'seed'],
    [{ seed: -1n }, 'seed'],
    [{ seed: 2 ** 53 }, 'seed'],
    [{ seed: 1n << 64n }, 'seed'],
    [{ seed: '18446744073709551616' }, 'seed'],
    [{ seed: '0x10000000000000000' }, 'seed'],
    [{ seed: 'ten' }, 'seed'],
    [{ level: 1 }, 'level'],
    [{ profile: 'nar@1', seed: 1 }, 'seed'],
    [{ profile: 'nar' }, 'profile'],
  ])('refuses %o by name', async (options, name) => {
    const error = await on('native', options as never).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'invalid_chunking_options', details: { name } });
  });

  it('says what a seed is to whom gives none', async () => {
    const refused = { details: { name: 'seed', reason: expect.stringContaining('a whole number from 0, a bigint') } };
    await expect(on('js', { seed: 'ten' })).rejects.toMatchObject(refused);
  });

  it('takes a seed as number, bigint, decimal and 0x text alike, and all of its 64 bits', async () => {
    const data = noise(200_000);
    const sizes = { min: 256, avg: 1024, max: 4096 };
    const lengths = async (seed: number | bigint | string) => [...(await on('native', { ...sizes, seed })).chunkSync(data).lengths];
    const expected = await lengths(666);
    for (const seed of [666n, '666', '0x29a', '0X29A']) expect(await lengths(seed)).toEqual(expected);
    expect(expected).not.toEqual(await lengths(0));
    // Bit 47 is the highest that any mask can see.
    expect(await lengths('0x800000000000')).not.toEqual(await lengths(0));
  });
});

describe('native kernel', () => {
  it('stops a long cut after an abort, with the reason itself, long before its end', async () => {
    const cutter = await bareCutter('native', {});
    const data = new Uint8Array(256 << 20);
    const milliseconds = async (signal?: AbortSignal) => {
      const began = process.cpuUsage();
      const ended = await Promise.resolve(cutter.cutAll?.(data, true, { signal, handles: {}, inPlace: true })).then(
        () => 'cut',
        (thrown: unknown) => thrown,
      );
      const { user, system } = process.cpuUsage(began);
      return { ended, took: (user + system) / 1000 };
    };
    const whole = await milliseconds();
    expect(whole.ended).toBe('cut');
    const reason = new Error('enough');
    // Other threads of this process may work beside any one of them.
    const aborted = [];
    for (let i = 0; i < 5; i++) {
      const abort = new AbortController();
      const cutting = milliseconds(abort.signal);
      abort.abort(reason);
      aborted.push(await cutting);
    }
    expect(aborted.map(({ ended }) => ended)).toEqual(Array(5).fill(reason));
    expect(Math.min(...aborted.map(({ took }) => took))).toBeLessThan(whole.took / 2);
  });

  it('cuts a large input in several windows at once as it cuts it whole', async () => {
    const data = noise(70_000_003);
    const chunker = await on('native', { min: 4096, avg: 16_384, max: 65_536 });
    expect([...(await chunker.chunk(data)).lengths]).toEqual([...chunker.chunkSync(data).lengths]);
  });

  it('goes on after a finished push', async () => {
    const push = (await bareCutter('native', { min: 64, avg: 256, max: 1024 })).open?.();
    const data = noise(5000);
    const run = () => [...(push?.push(data) ?? []), ...(push?.finish() ?? [])];
    expect(run()).toEqual(run());
    expect([...(push?.finish() ?? [1])]).toEqual([]);
  });

  it('refuses what is no bytes', async () => {
    const cutter = await bareCutter('native', {});
    expect(() => cutter.nextCut('text' as never)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    expect(() => cutter.cutAllSync?.([1, 2, 3] as never, true)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});
