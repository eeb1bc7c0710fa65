import { describe, expect, it } from 'vitest';
import { columnsOf, hanging, lastColumns, signs } from '../src/columns.js';

describe('columns of a text', () => {
  it.each([
    ['', 0],
    ['plain', 5],
    ['über', 4],
    ['u\u0308ber', 4],
    ['漢字', 4],
    ['ｶﾀｶﾅ', 4],
    ['カタカナ', 8],
    ['한글', 4],
    ['a🎉b', 4],
    ['–…█', 3],
  ])('%s: %i', (text, columns) => expect(columnsOf(text)).toBe(columns));

  it('keeps the end of what is too long, never half a character', () => {
    for (let most = 4; most < 40; most++) {
      for (const text of ['x'.repeat(60), '漢字'.repeat(20), '🎉'.repeat(30), 'e\u0301'.repeat(60)]) {
        const kept = lastColumns(text, most);
        expect(columnsOf(kept)).toBeLessThanOrEqual(most);
        expect(columnsOf(kept)).toBeGreaterThanOrEqual(most - 1);
        expect(Buffer.from(kept).toString()).toBe(kept);
      }
    }
    expect(lastColumns('short', 5)).toBe('short');
  });

  it('breaks at spaces, indents what follows and leaves long words whole', () => {
    expect(hanging('  one two three four', 12)).toEqual(['  one two', '    three', '    four']);
    expect(hanging(`  ${'x'.repeat(20)} y`, 12)).toEqual([`  ${'x'.repeat(20)}`, '    y']);
    expect(hanging('fits', 12)).toEqual(['fits']);
    expect(hanging(`    ${'x'.repeat(20)}`, 12)).toEqual([`    ${'x'.repeat(20)}`]);
  });

  it('has signs that the locale can show', () => {
    expect(signs({ LANG: 'C' }).ellipsis).toBe('...');
    expect(signs({ LANG: 'en_US.UTF-8' }).ellipsis).toBe('…');
    expect(signs({ LANG: 'en_US.UTF-8', LC_ALL: 'C' }).wheel).toMatch(/^[ -~]+$/);
    expect(signs({}).dash).toBe('-');
  });
});
