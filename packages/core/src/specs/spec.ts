import { RegistryError } from '../errors/index.js';
import { parseSize } from './sizes.js';

/** A spec taken apart; options as the schema of the algorithm expects them. */
export interface ParsedSpec {
  readonly name: string;
  readonly options: Readonly<Record<string, SpecValue>>;
}

/** A value of an option as a spec can write it. */
export type SpecValue = string | number | boolean;

const MAX_LENGTH = 4096;
const KEY = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const NUMBER = /^-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i;
const EXPONENT = /e/i;
const HEX = /^0x[0-9a-f]+$/i;
// What stands for itself in a value; `%` and what separates are written as %xx.
const PLAIN = /[^A-Za-z0-9_.+@/:-]/gu;
const KEY_PLAIN = /[^A-Za-z0-9_]/gu;
// Half of a surrogate pair is no text that UTF-8 could hold.
const HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/**
 * Reads `zstd:level=19`, `xz:level=6,extreme=true`, `fastcdc:min=4KiB,avg=16384,max=65536`, `fastcdc:profile=NAME`. Values are `true`, `false`, decimal numbers, sizes with units, else text; whole
 * numbers beyond 2^53 without an exponent and 0x numbers stay text, because options for 64-bit numbers take text. `%xx` stands for a byte of UTF-8 and makes a value text; it may stand in an option's name, too.
 * Throws `invalid_spec`.
 */
export function parseSpec(spec: string): ParsedSpec {
  if (typeof spec !== 'string') throw new RegistryError('invalid_spec', { spec: typeof spec, reason: 'it is no text' });
  if (spec.length > MAX_LENGTH) throw refused(spec.slice(0, 64), `it has more than ${MAX_LENGTH} characters`);
  const colon = spec.indexOf(':');
  const name = (colon === -1 ? spec : spec.slice(0, colon)).trim();
  if (name === '') throw refused(spec, 'it names no algorithm');
  const options: Record<string, SpecValue> = {};
  if (colon !== -1) {
    for (const part of spec.slice(colon + 1).split(',')) {
      const equals = part.indexOf('=');
      if (equals === -1) throw refused(spec, `'${part}' is no key=value`);
      const key = parseKey(spec, part.slice(0, equals).trim());
      if (Object.hasOwn(options, key)) throw refused(spec, `'${key}' stands twice`);
      options[key] = parseValue(spec, part.slice(equals + 1).trim());
    }
  }
  return { name, options };
}

function parseKey(spec: string, text: string): string {
  const key = text.includes('%') && /^[\w.%-]+$/.test(text) ? decoded(spec, text) : text;
  if ((key === text && !KEY.test(key)) || key in Object.prototype) throw refused(spec, `'${key}' is no name of an option`);
  return key;
}

function parseValue(spec: string, text: string): SpecValue {
  if (text === '') throw refused(spec, 'a value is empty');
  if (text === 'true' || text === 'false') return text === 'true';
  if (HEX.test(text)) return text.toLowerCase();
  if (NUMBER.test(text)) {
    const number = Number(text);
    return EXPONENT.test(text) || !Number.isInteger(number) || Number.isSafeInteger(number) ? number : text;
  }
  const size = parseSize(text);
  if (size !== undefined) return size;
  return text === '%' ? '' : decoded(spec, text);
}

function decoded(spec: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused(spec, `'${text}' has a % that is no %xx`);
  }
}

/** Writes what `parseSpec` reads: keys in the order given, sizes as plain numbers. Options that no spec can hold are left out. */
export function formatSpec(name: string, options: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(options).flatMap(([key, value]) => {
    const text = formatValue(value);
    const named = text === undefined ? undefined : formatKey(key);
    return named === undefined ? [] : [`${named}=${text}`];
  });
  return parts.length === 0 ? name : `${name}:${parts.join(',')}`;
}

function formatKey(key: string): string | undefined {
  if (key === '' || key in Object.prototype || HALF.test(key)) return undefined;
  if (KEY.test(key)) return key;
  // One escape at least, or it would not be read as an escaped name.
  return /^\w/.test(key) ? byteEscape(key[0] as string) + escaped(key.slice(1), KEY_PLAIN) : escaped(key, KEY_PLAIN);
}

function formatNumber(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  if (Object.is(value, -0)) return '-0';
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
}

function formatValue(value: unknown): string | undefined {
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'string' || HALF.test(value)) return undefined;
  if (value === '') return '%';
  const encoded = escaped(value, PLAIN);
  // Text that would be read as something else (a number, a size, a truth value) is made text by escaping its first character.
  return parseValue(value, encoded) === value ? encoded : byteEscape(value[0] as string) + encoded.slice(1);
}

function escaped(text: string, others: RegExp): string {
  return text.replace(others, (character) => encodeURIComponent(character).replace(/[!'()*~.-]/g, byteEscape));
}

function byteEscape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function refused(spec: string, reason: string): RegistryError<'invalid_spec'> {
  return new RegistryError('invalid_spec', { spec: spec.slice(0, 200), reason });
}
