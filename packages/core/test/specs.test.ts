import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSpec, parseSize, parseSpec } from '../src/index.js';

describe('specs', () => {
  it.each([
    ['zstd', 'zstd', {}],
    ['zstd:level=19', 'zstd', { level: 19 }],
    ['zstd:level=-7', 'zstd', { level: -7 }],
    ['xz:level=6,extreme=true', 'xz', { level: 6, extreme: true }],
    ['fastcdc:min=4096,avg=16KiB,max=1MiB', 'fastcdc', { min: 4096, avg: 16384, max: 1048576 }],
    ['fastcdc:avg=4 MB, max = 5MB', 'fastcdc', { avg: 4_000_000, max: 5_000_000 }],
    ['fastcdc:seed=0x3DA3358B4DC173', 'fastcdc', { seed: '0x3da3358b4dc173' }],
    ['fastcdc:seed=18446744073709551615', 'fastcdc', { seed: '18446744073709551615' }],
    ['fastcdc:profile=fastcdc-2020/nc1@256k', 'fastcdc', { profile: 'fastcdc-2020/nc1@256k' }],
    ['a:large=1e%2B21', 'a', { large: '1e+21' }],
    ['a:large=1e+21', 'a', { large: 1e21 }],
    ['a:block%20size=5', 'a', { 'block size': 5 }],
    ['a:text=%74rue,share=0.5', 'a', { text: 'true', share: 0.5 }],
  ])('%s', (spec, name, options) => {
    expect(parseSpec(spec)).toEqual({ name, options });
    expect(parseSpec(formatSpec(name, options))).toEqual({ name, options });
  });

  it.each([
    '',
    ':level=1',
    'zstd:',
    'zstd:level',
    'zstd:level=',
    'zstd:=1',
    'zstd:level=1,',
    'zstd:level=1,level=2',
    'zstd:__proto__=1',
    'zstd:constructor=1',
    'zstd:a=%zz',
    'zstd:%zz=1',
    'zstd:%5F%5Fproto%5F%5F=1',
    'zstd:a=1,%61=2',
    'zstd:a b=1',
    `x:${'a'.repeat(5000)}`,
  ])('refuses %s', (spec) => {
    expect(() => parseSpec(spec)).toThrow(expect.objectContaining({ code: 'invalid_spec' }));
  });

  it('read back whatever they can hold', () => {
    const value = fc.oneof(
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('true', '12', '1e3', '4MB', '0x1f', '0X1F', '1E400', '18446744073709551615', '%', '', 1e21, 2 ** 60, -0),
    );
    const key = fc.oneof(
      fc.stringMatching(/^[a-z][A-Za-z0-9]{0,8}$/),
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom('a b', '1', '-', 'a,b=c', '%41'),
    );
    fc.assert(
      fc.property(
        fc.dictionary(
          key.filter((name) => !(name in {})),
          value,
          { noNullPrototype: true },
        ),
        (options) => {
          const spec = formatSpec('name', options);
          if (spec.length <= 4096) expect(parseSpec(spec)).toStrictEqual({ name: 'name', options });
        },
      ),
      { numRuns: 1000 },
    );
  });
});

it('leaves out what no spec can hold', () => {
  expect(formatSpec('a', { broken: 'x\ud800', list: [1], none: undefined, big: 5n, fine: '😀', no: Number.NaN, constructor: 1, '': 2 })).toBe(
    'a:big=5,fine=%F0%9F%98%80',
  );
});

it('sizes', () => {
  expect(['256KiB', '1MiB', '4 MB', '1.5 KiB', '0B', '2TiB', '5kb'].map(parseSize)).toEqual([262144, 1048576, 4_000_000, 1536, 0, 2 ** 41, 5000]);
  for (const text of ['', '5', 'KiB', '1.3B', '5 XB', '-1KiB', '1e3KiB', '99999999TiB', '１KiB', 'constructor']) expect(parseSize(text)).toBeUndefined();
});
