import type { Magic } from '../contracts/index.js';
import { isBytes } from '../bytes/arrays.js';

/** Longer signatures are no signatures. tar's lies at byte 257, behind masked bytes. */
const MAX_MAGIC_BYTES = 512;

/** A magic as core compares it. `key` is equal for equal magics. */
export interface Signature {
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
  readonly skippable: boolean;
  readonly key: string;
}

/** Reads what a definition says about its magics. Throws an Error in words: the caller names the plugin. */
export function readMagics(source: unknown): readonly Signature[] {
  if (source === undefined) return [];
  if (isBytes(source)) return [signature({ bytes: source })];
  if (!Array.isArray(source)) throw new Error('magicBytes is neither bytes nor a list');
  const list = source.slice(0, MAX_MAGIC_BYTES + 1) as unknown[];
  if (list.every((item) => typeof item === 'number')) return [signature({ bytes: list as number[] })];
  return list.map((item) => {
    if (item === null || typeof item !== 'object') throw new Error('magicBytes has an entry that is no { bytes }');
    const { bytes, mask, skippable } = item as Magic;
    return signature({ bytes, ...(mask === undefined ? {} : { mask }), ...(skippable === undefined ? {} : { skippable }) });
  });
}

function signature({ bytes: source, mask: sourceMask, skippable = false }: Magic): Signature {
  const bytes = octets(source, 'magicBytes');
  const mask = sourceMask === undefined ? new Uint8Array(bytes.length).fill(0xff) : octets(sourceMask, 'a mask of magicBytes');
  if (mask.length !== bytes.length) throw new Error('a mask of magicBytes is not as long as its bytes');
  if (mask.every((byte) => byte === 0)) throw new Error('magicBytes would match anything');
  const compared = bytes.map((byte, index) => byte & (mask[index] as number));
  return { bytes: compared, mask, skippable: skippable === true, key: `${compared.join()}/${mask.join()}` };
}

function octets(source: unknown, what: string): Uint8Array {
  if (!isBytes(source) && !Array.isArray(source)) throw new Error(`${what} is neither bytes nor a list of bytes`);
  const numbers = source as ArrayLike<unknown>;
  if (numbers.length === 0 || numbers.length > MAX_MAGIC_BYTES) throw new Error(`${what} has ${numbers.length} bytes; 1 to ${MAX_MAGIC_BYTES} are allowed`);
  return Uint8Array.from(numbers, (value) => {
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 255) throw new Error(`${what} has an entry that is no byte`);
    return value as number;
  });
}

/** True where the data begin with the magic. */
export function beginsWith(head: Uint8Array, magic: Signature): boolean {
  if (head.length < magic.bytes.length) return false;
  for (let index = 0; index < magic.bytes.length; index++) {
    if (((head[index] as number) & (magic.mask[index] as number)) !== magic.bytes[index]) return false;
  }
  return true;
}
