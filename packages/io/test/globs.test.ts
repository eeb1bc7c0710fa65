import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, test } from 'vitest';
import { excluder, fits, type Wanted } from '../src/globs.js';

const encoder = new TextEncoder();
const left = (glob: string, path: string, isDirectory = false) => excluder([glob])?.(encoder.encode(path), isDirectory) ?? false;

describe('globs', () => {
  test.each<[string, string[], string[]]>([
    ['*.o', ['a.o', 'x/b.o', '.o', 'x/.hid.o'], ['a.oo', 'o', 'a.o/b']],
    ['build', ['build', 'x/build'], ['builds', 'x/build/y']],
    ['/build', ['build'], ['x/build']],
    ['src/*.c', ['src/a.c'], ['a.c', 'x/src/a.c', 'src/x/a.c']],
    ['**/*.c', ['a.c', 'x/y/a.c'], ['a.cc']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/b/c']],
    ['a/**', ['a', 'a/b', 'a/b/c'], ['b/a']],
    ['?[!a-c]', ['xd', 'x/yz'], ['xa', 'd', 'x/b']],
    ['[]-]x', [']x', '-x'], ['ax']],
    ['*.{js,{c,m}js}', ['a.js', 'a.cjs', 'b/a.mjs'], ['a.ts', 'a.{js']],
    ['{a,b/c}/d', ['a/d', 'b/c/d'], ['c/d']],
    ['\\*\\{a,b\\}', ['*{a,b}'], ['xa', 'x{a,b}']],
    ['[a{', ['[a{'], ['a']],
    ['?', ['é', '😀'], ['ab']],
  ])('%s', (glob, matching, others) => {
    for (const path of matching) expect([path, left(glob, path)]).toEqual([path, true]);
    for (const path of others) expect([path, left(glob, path)]).toEqual([path, false]);
  });

  test('with a slash at the end match directories alone', () => {
    expect([left('build/', 'x/build', true), left('build/', 'x/build', false), left('x/build/', 'x/build', true)]).toEqual([true, false, true]);
  });

  // Not of sets that are none of: picomatch takes `[!a]` for two characters, and lets `[^a]` match a slash.
  test('agree with picomatch', () => {
    const name = fc.stringMatching(/^[ab.]{1,4}$/).filter((text) => !/^\.+$/.test(text));
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
    const component = fc.oneof(
      { weight: 1, arbitrary: fc.constant('**') },
      {
        weight: 4,
        arbitrary: fc.array(fc.constantFrom('a', 'b', '*', '?', '[ab]', '{a,b}', '{ab,?}'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
      },
    );
    const glob = fc.array(component, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('/'));
    // Two stars beside others in one name mean one star here; picomatch has rules of its own for them, and does not let `*/**` match `a`, though `a/**` does.
    // Ten pairs of braces are over the limit of alternatives, which has a test of its own.
    const usual = glob.filter(
      (text) => text.split('{').length <= 10 && text.split('/').every((part) => part === '**' || !part.includes('**')) && !/\*(\/\*\*)+$/.test(text),
    );
    fc.assert(
      fc.property(usual, path, (text, place) => {
        expect(left(text, place)).toBe(picomatch.isMatch(place, text, { dot: true }));
      }),
      { numRuns: 5000 },
    );
  });

  test('take steps in proportion to glob and name', () => {
    let steps = 0;
    const counted = (letter: string) => (one: string) => {
      steps++;
      return one === letter;
    };
    const wanted: Wanted<string>[] = [];
    for (let i = 0; i < 50; i++) wanted.push(undefined, counted('a'));
    wanted.push(counted('b'));
    const name = [...'a'.repeat(2000)];
    expect(fits(wanted, name)).toBe(false);
    expect(steps).toBeLessThanOrEqual(wanted.length * name.length);
    expect(left('*a*a*a*a*a*a*a*a*a*a*a*a*b', 'a'.repeat(5000))).toBe(false);
    expect(left(`${'**/a/'.repeat(12)}b`, 'a/'.repeat(2000).concat('a'))).toBe(false);
  });

  test('refuse braces that multiply', () => {
    expect(() => excluder(['{a,b}'.repeat(11)])).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    expect(left('{a,b}'.repeat(9), 'ababababa')).toBe(true);
  });
});
