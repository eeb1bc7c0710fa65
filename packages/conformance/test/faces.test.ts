import { describe, expect, test } from 'vitest';
import { type BrokenLaw, type Law, LAWS } from '../src/index.js';
import { check } from '../src/laws-of.js';
import { type Subject, subjectsOf } from '../src/take.js';
import { BROKEN_FACES } from './gallery/faces.js';

/** The object with some of its properties replaced; its own methods keep their object, because of private fields. */
function doctored<T extends object>(face: T, changes: object): T {
  return new Proxy(face, {
    get(target, name) {
      if (Object.hasOwn(changes, name)) return Reflect.get(changes, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function brokenLaws({ algorithm, context }: Subject<'codec'>): Promise<string[]> {
  const broken: string[] = [];
  for (const law of LAWS[context.definition.kind] as readonly Law<'codec'>[]) {
    if (law.applies?.(algorithm, context) === false) continue;
    await check(law, { algorithm, context }, { seed: 11, runs: 40 }).catch((error: BrokenLaw) => broken.push(error.law));
  }
  return broken.sort();
}

// What core keeps for every plugin can be broken by no plugin: here the user's face itself is doctored.
describe('the gallery of broken faces', () => {
  test.each(BROKEN_FACES.map((broken) => [broken.definition.name, broken.fault, broken] as const))('%s: %s', async (_name, _fault, broken) => {
    const [subject] = await subjectsOf(broken.definition as never, { options: broken.settings ?? {} });
    if (subject === undefined) throw new Error('it could not be taken');
    const { algorithm, context } = subject as Subject<'codec'>;
    const taking = broken.taking;
    const take: typeof context.take = async (changes) => {
      const taken = await context.take(changes);
      const { options } = changes ?? {};
      return taking === undefined || options === undefined || 'profile' in (options as object) ? taken : doctored(taken, taking(options));
    };
    const face = doctored(algorithm, broken.doctor?.(algorithm as never) ?? {});
    expect(await brokenLaws({ algorithm: face, context: { ...context, take } })).toEqual([broken.breaks].flat().sort());
  });
});
