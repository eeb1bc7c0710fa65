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
const HEX = /^0x[0-9a-f]+$/i;
// What stands for itself in a value; `%` and what separates are written as %xx.
const PLAIN = /[^A-Za-z0-9_.+@/:-]/gu;

/**
 * Reads `zstd:level=19`, `xz:level=6,extreme=true`, `fastcdc:min=4KiB,avg=16384,max=65536`, `fastcdc:profile=NAME`. Values are `true`, `false`, decimal numbers, sizes with units, else text; decimal
 * numbers beyond 2^53 and 0x numbers stay text, because options for 64-bit numbers take text. `%xx` stands for a byte of UTF-8 and makes a value text. Throws `invalid_spec`.
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
      const key = part.slice(0, equals).trim();
      if (!KEY.test(key) || key in Object.prototype) throw refused(spec, `'${key}' is no name of an option`);
      if (Object.hasOwn(options, key)) throw refused(spec, `'${key}' stands twice`);
      options[key] = parseValue(spec, part.slice(equals + 1).trim());
    }
  }
  return { name, options };
}

function parseValue(spec: string, text: string): SpecValue {
  if (text === '') throw refused(spec, 'a value is empty');
  if (text === 'true' || text === 'false') return text === 'true';
  if (HEX.test(text)) return text.toLowerCase();
  if (NUMBER.test(text)) {
    const number = Number(text);
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? text : number;
  }
  const size = parseSize(text);
  if (size !== undefined) return size;
  if (text === '%') return '';
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
    return text === undefined ? [] : [`${key}=${text}`];
  });
  return parts.length === 0 ? name : `${name}:${parts.join(',')}`;
}

function formatValue(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'string') return undefined;
  if (value === '') return '%';
  if (HEX.test(value) || (NUMBER.test(value) && !Number.isSafeInteger(Number(value)) && Number.isInteger(Number(value)))) return value.toLowerCase();
  // Half of a surrogate pair is no text that UTF-8 could hold.
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value)) return undefined;
  const encoded = value.replace(PLAIN, (character) => encodeURIComponent(character).replace(/[!'()*~]/g, byteEscape));
  // Text that would be read as a number, a size or a truth value is made text by escaping its first character.
  const ambiguous = NUMBER.test(value) || parseSize(value) !== undefined || value === 'true' || value === 'false';
  return ambiguous ? byteEscape(value[0] as string) + encoded.slice(1) : encoded;
}

function byteEscape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function refused(spec: string, reason: string): RegistryError<'invalid_spec'> {
  return new RegistryError('invalid_spec', { spec: spec.slice(0, 200), reason });
}
