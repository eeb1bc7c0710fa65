import { describe, expect, it } from 'vitest';
import { defineCodec, Registry } from '@chunker/core';

const codec = (efforts: unknown) =>
  defineCodec({ name: 'one', efforts: efforts as never, compress: (data) => data.slice(), decompress: (data) => data.slice() });
const figures = { nanosecondsPerByte: 2, ratio: 0.5 };

describe('efforts', () => {
  it('are listed as they were declared, and stay so', () => {
    const options = { level: 1 };
    const registry = Registry.of(codec({ fastest: { options, ...figures } }));
    options.level = 9;
    const [listed] = registry.list('codec');
    expect(listed?.efforts).toEqual({ fastest: { options: { level: 1 }, ...figures } });
    expect(Object.isFrozen(listed?.efforts?.fastest?.options)).toBe(true);
    expect(Registry.of(codec(undefined)).list('codec')[0]).not.toHaveProperty('efforts');
  });

  it.each([
    ['no object', 7],
    ['an effort that there is none of', { quickest: { options: {}, ...figures } }],
    ['the prototype', JSON.parse('{"__proto__":{"options":{}}}')],
    ['no options', { fastest: figures }],
    ['no figures', { fastest: { options: {} } }],
    ['a ratio of nothing', { fastest: { options: {}, nanosecondsPerByte: 1, ratio: 0 } }],
    ['a time without end', { fastest: { options: {}, nanosecondsPerByte: Number.POSITIVE_INFINITY, ratio: 1 } }],
  ])('are refused where they are %s', (_, efforts) => {
    expect(() => codec(efforts)).toThrow(expect.objectContaining({ code: 'invalid_plugin', details: expect.objectContaining({ name: 'one' }) }));
  });
});
