import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSpec, parseSize, parseSpec, type SpecValue } from '../src/index.js';

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
    'zstd:a b=1',
    `x:${'a'.repeat(5000)}`,
  ])('refuses %s', (spec) => {
    expect(() => parseSpec(spec)).toThrow(expect.objectContaining({ code: 'invalid_spec' }));
  });

  it('read back whatever they can hold', () => {
    const value = fc.oneof(
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('true', '12', '1e3', '4MB', '0x1F', '%', ''),
    );
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.stringMatching(/^[a-z][A-Za-z0-9]{0,8}$/).filter((key) => !(key in {})),
          value,
          { noNullPrototype: true },
        ),
        (options) => {
          const expected = Object.fromEntries(Object.entries(options).map(([key, given]) => [key, canonical(given as SpecValue)]));
          expect(parseSpec(formatSpec('name', options))).toEqual({ name: 'name', options: expected });
        },
      ),
      { numRuns: 1000 },
    );
  });
});

/** Numbers beyond 2^53 and 0x numbers are text in a spec, in lower case; everything else is what it was. */
function canonical(value: SpecValue): SpecValue {
  if (typeof value === 'string' && /^0x[0-9a-f]+$/i.test(value)) return value.toLowerCase();
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return String(value);
  return value;
}

it('leaves out what no spec can hold', () => {
  expect(formatSpec('a', { broken: 'x\ud800', list: [1], none: undefined, big: 5n, fine: '😀' })).toBe('a:big=5,fine=%F0%9F%98%80');
});

it('sizes', () => {
  expect(['256KiB', '1MiB', '4 MB', '1.5 KiB', '0B', '2TiB', '5kb'].map(parseSize)).toEqual([262144, 1048576, 4_000_000, 1536, 0, 2 ** 41, 5000]);
  for (const text of ['', '5', 'KiB', '1.3B', '5 XB', '-1KiB', '1e3KiB', '99999999TiB', '１KiB', 'constructor']) expect(parseSize(text)).toBeUndefined();
});
