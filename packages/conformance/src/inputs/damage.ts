import fc from 'fast-check';
import { concat } from '../bytes.js';

/** Something that happens to compressed data on its way. `at` is a share of the length, so that it fits whatever length the codec gives. */
export class Damage {
  readonly #label: string;
  readonly apply: (bytes: Uint8Array) => Uint8Array;

  constructor(label: string, apply: (bytes: Uint8Array) => Uint8Array) {
    this.#label = label;
    this.apply = apply;
  }

  toString(): string {
    return this.#label;
  }

  [fc.toStringMethod](): string {
    return this.#label;
  }
}

const INTACT = new Damage('intact', (bytes) => bytes.slice());
const share = fc.nat(999);
const position = (bytes: Uint8Array, at: number) => Math.floor((bytes.length * at) / 1000);

const cut = share.map((at) => new Damage(`cut at ${at} ‰`, (bytes) => bytes.slice(0, position(bytes, at))));
const flip = fc.tuple(share, fc.nat(7)).map(([at, bit]) => {
  const apply = (bytes: Uint8Array) => {
    const changed = bytes.slice();
    if (changed.length > 0) changed[position(bytes, at)] = (changed[position(bytes, at)] as number) ^ (1 << bit);
    return changed;
  };
  return new Damage(`bit ${bit} flipped at ${at} ‰`, apply);
});
const garbage = fc.uint8Array({ maxLength: 40 }).map((bytes) => new Damage(`replaced by ${fc.stringify(bytes)}`, () => bytes.slice()));

/** What trailing bytes are made of: nothing that a format may take for padding, which is zeros. */
export const trailers = (): fc.Arbitrary<Uint8Array> => fc.uint8Array({ min: 1, minLength: 1, maxLength: 12 });

const appended = trailers().map((tail) => new Damage(`followed by ${fc.stringify(tail)}`, (bytes) => concat(bytes, tail)));

/** Compressed data as they were, or damaged in one way. */
export function damages(): fc.Arbitrary<Damage> {
  return fc.oneof(fc.constant(INTACT), cut, flip, garbage, appended);
}

/** Always damaged. */
export function realDamages(): fc.Arbitrary<Damage> {
  return fc.oneof(cut, flip, garbage, appended);
}
