import { describe, expect, test } from 'vitest';
import { checkConformance } from '../src/index.js';
import { SOUND } from './gallery/sound.js';

describe('sound plugins pass every law', () => {
  test.each(SOUND.map(({ definition, settings }) => [definition.name, definition, settings] as const))('%s', async (_name, definition, settings) => {
    const results = await checkConformance(definition, { seed: 20_26, ...settings });
    expect(results.filter((result) => !result.passed).map((result) => `${result.law}: ${result.counterexample}`)).toEqual([]);
    expect(results.length).toBeGreaterThan(15);
  });
});
