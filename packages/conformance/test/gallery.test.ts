import { describe, expect, test } from 'vitest';
import { checkConformance, LAWS } from '../src/index.js';
import { BROKEN_CHUNKERS } from './gallery/chunkers.js';
import { BROKEN_CALLS } from './gallery/codecs-calls.js';
import { BROKEN_DOORS } from './gallery/codecs-doors.js';
import { BROKEN_FORMATS } from './gallery/codecs-format.js';
import { BROKEN_FACES } from './gallery/faces.js';
import { BROKEN_HASHES } from './gallery/hashes.js';

const GALLERY = [...BROKEN_DOORS, ...BROKEN_FORMATS, ...BROKEN_CALLS, ...BROKEN_HASHES, ...BROKEN_CHUNKERS];

describe('the gallery of broken plugins', () => {
  test('has at least thirty, each of one name', () => {
    expect(GALLERY.length).toBeGreaterThanOrEqual(30);
    expect(new Set(GALLERY.map(({ definition }) => definition.name)).size).toBe(GALLERY.length);
  });

  test('breaks every law there is', () => {
    const broken = new Set([...GALLERY, ...BROKEN_FACES].flatMap(({ breaks }) => breaks));
    const laws = Object.values(LAWS).flat();
    expect(laws.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([]);
    expect(new Set(laws.map(({ id }) => id)).size).toBe(laws.length);
  });

  test.each(GALLERY.map((broken) => [broken.definition.name, broken.fault, broken] as const))('%s: %s', async (_name, _fault, broken) => {
    const results = await checkConformance(broken.definition, { seed: 7, runs: 40, ...broken.settings });
    const failed = results.filter((result) => !result.passed);
    expect([...new Set(failed.map((result) => result.law))].sort(), failed.map((result) => `${result.law}: ${result.counterexample}`).join('\n')).toEqual(
      [broken.breaks].flat().sort(),
    );
    for (const { counterexample } of failed) expect(counterexample).toMatch(/seed: -?\d+/);
    if (typeof broken.breaks !== 'string') expect(broken.because).toBeTruthy();
  });
});
