import { configure, isChunkerError, Registry } from '@chunker/core';
import { describe, expect, it } from 'vitest';
import { blake3 } from '../src/index.js';
import { KERNELS, on } from './kernels.js';
import { hex } from '../../../vectors/reader.js';

const key = new TextEncoder().encode('whats the Elvish word for friend');

const codeOf = (thrown: unknown) => (isChunkerError(thrown) ? thrown.code : thrown);

describe('options and the key', () => {
  it('refuses lengths, contexts and keys that are none', async () => {
    for (const length of [0, -1, 1.5, 2 ** 20 + 1, Number.NaN]) {
      await expect(configure(blake3, { length }).catch(codeOf), String(length)).resolves.toBe('invalid_options');
    }
    await expect(configure(blake3, { context: 7 as never }).catch(codeOf)).resolves.toBe('invalid_options');
    await expect(configure(blake3, { size: 7 } as never).catch(codeOf)).resolves.toBe('invalid_options');
    await expect(configure(blake3, {}, { key: key.subarray(1) }).catch(codeOf)).resolves.toBe('invalid_options');
    await expect(configure(blake3, {}, { secret: key }).catch(codeOf)).resolves.toBe('invalid_options');
  });

  it('takes a key or a context, not both, in every kernel', async () => {
    for (const { kernel, skip } of KERNELS) {
      if (skip) continue;
      const both = await on(kernel, { context: 'chunker test' }, { key });
      await expect(both.hash(new Uint8Array(3)).catch(codeOf), kernel).resolves.toBe('invalid_options');
    }
  });

  it('keeps the key out of specs and errors', async () => {
    const registry = Registry.of(blake3);
    const keyed = await registry.hash('blake3', { length: 20 }, { key });
    expect(keyed.spec).toBe('blake3:length=20');
    expect(keyed.digestLength).toBe(20);
    expect(JSON.stringify([keyed.spec, keyed.options])).not.toContain('Elvish');
    const failure = await configure(blake3, {}, { key: key.subarray(1) }).catch((thrown: Error) => thrown);
    expect(JSON.stringify(failure) + String(failure)).not.toContain('hats the');
    await registry.dispose();
  });

  it('gives digests of a mebibyte, each the beginning of the next', async () => {
    const long = await on('native', { length: 2 ** 20 });
    const short = await on('native', { length: 33 });
    const data = new Uint8Array(5000);
    const digest = await long.hash(data);
    expect(digest).toHaveLength(2 ** 20);
    expect(hex(short.hashSync(data))).toBe(hex(digest.subarray(0, 33)));
    expect(hex(await (await on('js', { length: 2 ** 20 })).hash(data))).toBe(hex(digest));
  });
});
