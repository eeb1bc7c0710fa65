import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DigestTable } from '@chunker/pipeline';

describe('the table of digests', () => {
  it('is a set', () => {
    const digest = fc.uint8Array({ minLength: 3, maxLength: 3, max: 3 });
    const property = fc.property(fc.array(digest, { maxLength: 200 }), (digests) => {
      const table = new DigestTable(3);
      const model = new Set<string>();
      for (const one of digests) {
        expect(table.has(one, 0)).toBe(model.has(one.join()));
        expect(table.add(one, 0)).toBe(!model.has(one.join()));
        model.add(one.join());
      }
      expect(table.size).toBe(model.size);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('finds all of many, where they stand in a larger array, and takes few bytes beside them', () => {
    const count = 100_000;
    const digests = new Uint8Array(count * 32);
    for (let i = 0; i < count; i++) digests.set(createHash('sha256').update(String(i)).digest(), i * 32);
    const table = new DigestTable(32);
    for (let i = 0; i < count; i++) expect(table.add(digests, i * 32)).toBe(true);
    for (let i = 0; i < count; i++) expect(table.add(digests, i * 32)).toBe(false);
    expect(table.size).toBe(count);
    // A digest, and the four bytes of a slot for each, two thirds taken at most.
    expect(table.bytes / count).toBeGreaterThan(38);
    expect(table.bytes / count).toBeLessThan(64);
    expect(new DigestTable(32).bytes).toBe(0);
  });
});
