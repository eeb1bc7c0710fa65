import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64, hex, nixBase32, sri } from '../src/encoding/index.js';

const refusal = (encoding: string) => expect.objectContaining({ code: 'invalid_encoding', details: expect.objectContaining({ encoding }) });

/** The obvious form that judges the tables: digit by digit from the highest. */
function byteLoop(bytes: Uint8Array): string {
  const length = Math.ceil((bytes.length * 8) / 5);
  let text = '';
  for (let n = length - 1; n >= 0; n--) {
    const b = n * 5;
    const i = Math.floor(b / 8);
    const j = b % 8;
    const c = ((bytes[i] ?? 0) >> j) | ((i >= bytes.length - 1 ? 0 : (bytes[i + 1] ?? 0)) << (8 - j));
    text += '0123456789abcdfghijklmnpqrsvwxyz'[c & 31];
  }
  return text;
}

describe('nix-base32', () => {
  const file = join(process.env.CHUNKER_VECTORS ?? join(import.meta.dirname, '../../../../shared/vectors'), 'nix-base32/vectors.json');
  const here = existsSync(file);
  if (process.env.CI === 'true' && !here) throw new Error(`no vectors at ${file}`);
  it.skipIf(!here)(`agrees with the vectors at ${file} (CHUNKER_VECTORS)`, () => {
    const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: { hex?: string; text: string; expect: string; what?: string }[] };
    for (const { hex: digits, text, expect: outcome } of cases) {
      if (outcome === 'accept') {
        expect(nixBase32.encode(hex.decode(digits ?? ''))).toBe(text);
        expect(hex.encode(nixBase32.decode(text))).toBe(digits);
      } else {
        expect(() => nixBase32.decode(text), text).toThrow(refusal('nix-base32'));
      }
    }
    expect(cases.length).toBeGreaterThan(40);
  });

  it('gives what the byte loop gives, and reads it back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const text = nixBase32.encode(bytes);
        expect(text).toBe(byteLoop(bytes));
        expect(nixBase32.decode(text)).toEqual(bytes);
      }),
    );
  });

  it('reads each text one way only', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-zA-Z=é]{0,30}$/), (text) => {
        let bytes: Uint8Array;
        try {
          bytes = nixBase32.decode(text);
        } catch (error) {
          expect(error).toEqual(refusal('nix-base32'));
          return;
        }
        expect(nixBase32.encode(bytes)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('hex and base64', () => {
  it('agree with node:buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(hex.encode(bytes)).toBe(Buffer.from(bytes).toString('hex'));
        expect(base64.encode(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(hex.decode(hex.encode(bytes).toUpperCase())).toEqual(bytes);
        expect(base64.decode(base64.encode(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each(['abc', 'zz', 'a ', '0x', 'é0'])('refuse the hex %s', (text) => {
    expect(() => hex.decode(text)).toThrow(refusal('hex'));
  });

  it.each(['A', 'AA', 'AAA', 'A===', 'AB==', 'AAB=', 'AA=A', 'A A=', 'AA==AA==', 'AAA-', 'AAAé', '====', 'AA==\n'])('refuse the base64 %j', (text) => {
    expect(() => base64.decode(text)).toThrow(refusal('base64'));
  });

  it.each([null, 1, ['a']])('refuse %j as text and as bytes', (value) => {
    expect(() => hex.decode(value as never)).toThrow(refusal('hex'));
    expect(() => base64.encode(value as never)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});

describe('sri', () => {
  it('writes and reads what nix hash prints', () => {
    // nix hash to-sri --type sha256 of the empty input's digest.
    const text = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
    const { algorithm, digest } = sri.decode(text);
    expect([algorithm, hex.encode(digest)]).toEqual(['sha256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']);
    expect(sri.encode({ algorithm, digest })).toBe(text);
  });

  it.each(['sha256', 'sha256-', 'sha256-AAAA', 'SHA256-AAAA', '-AAAA', 'blake3-A'])('refuses %s', (text) => {
    expect(() => sri.decode(text)).toThrow(refusal('sri'));
  });

  it('says where in the whole text a character is wrong', () => {
    expect(() => sri.decode('blake3-AA_A')).toThrow(expect.objectContaining({ details: { encoding: 'sri', reason: 'not a character of base64', offset: 9 } }));
  });

  it.each([null, undefined, 5, {}, { algorithm: 'sha1' }, { algorithm: null, digest: new Uint8Array(4) }, { algorithm: 5, digest: new Uint8Array(4) }])(
    'writes nothing for %j',
    (named) => {
      expect(() => sri.encode(named as never)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^invalid_(input|encoding)$/) }));
    },
  );
});

it('write nothing for bytes that were transferred away, and read no list that is none', () => {
  const digest = new Uint8Array(32);
  structuredClone(digest.buffer, { transfer: [digest.buffer] });
  const refused = expect.objectContaining({ code: 'invalid_input' });
  for (const encode of [hex.encode, base64.encode, nixBase32.encode]) expect(() => encode(digest)).toThrow(refused);
  for (const texts of [null, '0z', 5]) expect(() => nixBase32.decodeMany(texts as never, 1)).toThrow(refused);
});
