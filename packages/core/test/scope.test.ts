import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { unlessAborted } from '../src/runtime/index.js';
import { FirstOf } from '../src/scope/first-of.js';
import { Lifetime } from '../src/scope/lifetime.js';
import { Places } from '../src/scope/places.js';

const never = () => new Promise<number>(() => {});
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('places', () => {
  it('hold who came and has not gone, in as many places as were ever needed at once', () => {
    const places = new Places<{ name: number }>();
    const members = Array.from({ length: 100 }, (_, name) => ({ name }));
    const taken = members.map((member) => places.add(member));
    expect(new Set(taken).size).toBe(100);
    for (let index = 0; index < 100; index += 2) places.remove(taken[index] as number);
    expect(places.size).toBe(50);
    expect(places.all().map(({ name }) => name)).toEqual(members.filter((_, index) => index % 2 === 1).map(({ name }) => name));
    const again = members.slice(0, 50).map((member) => places.add(member));
    expect(Math.max(...again)).toBeLessThan(100);
    expect(places.all()).toHaveLength(100);
  });
});

describe('the first of', () => {
  it('work, abort and the end of the registry answers', async () => {
    const life = new Lifetime();
    const controller = new AbortController();
    expect(await new FirstOf(Promise.resolve(7), life, controller.signal).promise).toBe(7);
    await expect(new FirstOf(Promise.reject(new Error('of the work')), life, controller.signal).promise).rejects.toThrow('of the work');
    const aborted = new FirstOf(never(), life, controller.signal).promise;
    controller.abort(new Error('of the abort'));
    await expect(aborted).rejects.toThrow('of the abort');
    await expect(new FirstOf(never(), life, controller.signal).promise, 'aborted before').rejects.toThrow('of the abort');
    const ended = new FirstOf(never(), life, undefined).promise;
    await life.end(true);
    await expect(ended).rejects.toMatchObject({ code: 'registry_disposed' });
  });

  it('shares one listener of a signal, and leaves none behind', async () => {
    const life = new Lifetime();
    const { signal } = new AbortController();
    let finish = () => {};
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const answers = Array.from({ length: 100 }, () => new FirstOf(work, life, signal).promise);
    expect(listeners(signal)).toBe(1);
    finish();
    await Promise.all(answers);
    expect(listeners(signal)).toBe(0);
  });

  it('tells all who wait under a signal, and drops what work says afterwards', async () => {
    const controller = new AbortController();
    let fail: (error: Error) => void = () => {};
    const work = new Promise<number>((_, reject) => {
      fail = reject;
    });
    const answers = Array.from({ length: 10 }, () => unlessAborted(work, controller.signal) as Promise<number>);
    controller.abort('enough');
    fail(new Error('nobody hears this'));
    expect(await Promise.allSettled(answers)).toEqual(answers.map(() => ({ status: 'rejected', reason: 'enough' })));
    expect(listeners(controller.signal)).toBe(0);
    expect(unlessAborted(5, controller.signal), 'what is there needs no waiting').toBe(5);
  });

  it('takes promises of strangers that call back at once', async () => {
    const life = new Lifetime();
    const { signal } = new AbortController();
    // biome-ignore lint/suspicious/noThenProperty: what is tested is a promise that is not the language's
    const sudden = { then: (resolve: (value: number) => void) => resolve(3) } as unknown as PromiseLike<number>;
    expect(await new FirstOf(sudden, life, signal).promise).toBe(3);
    expect(listeners(signal)).toBe(0);
  });
});
