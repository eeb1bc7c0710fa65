import { describe, expect, it } from 'vitest';
import { type Pipeline, pipeline, type WindowSource } from '@chunker/pipeline';
import { registry, sampleBytes } from './algorithms.js';
import { plain } from './records.js';

const SIZES = { min: 500, max: 9000, bits: 8 };
const inputs = [0, 1, 499, 500, 501, 0, 0, 9000, 40_000, 3, 20_000, 0].map((length, i) => sampleBytes(length, i + 1));
const line = () => pipeline(registry).chunk('lowbits', SIZES).hash('sha1').compress('flate').digest('sha1').verify();

/** As many whole inputs as fit, window by window. */
class Inputs implements WindowSource {
  parts = new Uint32Array(0);
  ended = false;
  closed = 0;
  #next = 0;

  async fill(target: Uint8Array): Promise<number> {
    const given: number[] = [];
    let at = 0;
    while (this.#next < inputs.length && at + (inputs[this.#next] as Uint8Array).length <= target.length) {
      const input = inputs[this.#next++] as Uint8Array;
      target.set(input, at);
      at += input.length;
      given.push(input.length);
    }
    this.parts = Uint32Array.from(given);
    this.ended = this.#next === inputs.length;
    return at;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

const records = async (given: Pipeline, input: Uint8Array | WindowSource, mode: 'parallel' | 'sequential') => {
  const all = [];
  for await (const record of given.run(input, { payload: 'copy', windowBytes: 65_536, mode })) all.push(plain(record));
  return all;
};

describe('a source of many inputs', () => {
  it.each(['parallel', 'sequential'] as const)('gives of each what a run of its own gives: %s', async (mode) => {
    const source = new Inputs();
    const together = await records(line(), source, mode);
    const each = [];
    let start = 0;
    for (const input of inputs) {
      for (const record of await records(line(), input, 'sequential')) each.push({ ...record, offset: record.offset + start });
      start += input.length;
    }
    expect(together).toEqual(each);
    expect(source.closed).toBe(1);
  });

  it('gives the inputs as they are without a chunker', async () => {
    const lengths = (await records(pipeline(registry).hash('sha1'), new Inputs(), 'parallel')).map(({ length }) => length);
    expect(lengths).toEqual(inputs.map(({ length }) => length).filter((length) => length > 0));
  });

  it('refuses parts that are not what it gave', async () => {
    const wrong: WindowSource = { parts: Uint32Array.of(10, 10), ended: true, fill: async () => 19, close: async () => {} };
    await expect(records(line(), wrong, 'parallel')).rejects.toMatchObject({
      code: 'stage_failed',
      details: { stage: 'read', offset: 0, code: 'invalid_input' },
    });
  });
});
