import { expect, it } from 'vitest';
import { OWN } from '../src/plugins.js';

it.each(Object.keys(OWN))('knows what %s brings without loading it', async (name) => {
  const { brings, load } = OWN[name] as (typeof OWN)[string];
  expect((await load()).default.map((algorithm) => `${algorithm.kind} ${algorithm.name}`).sort()).toEqual([...brings].sort());
});
