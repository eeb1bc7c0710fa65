import fc from 'fast-check';
import { hexOf } from '../bytes.js';

/** Kinds of content, from the simplest: shrinking walks to the left. */
export const SHAPES = ['zeros', 'ones', 'runs', 'ascending', 'periodic', 'text', 'mixed', 'random'] as const;

export type Shape = (typeof SHAPES)[number];

/**
 * One input as a recipe: the same recipe is the same bytes, for ever. `fresh` makes a new buffer each time, so that a law may scribble over what it handed out and a
 * plugin that changes its input cannot change what the law compares with. Printed short, because it stands in counterexamples.
 */
export class Sample {
  readonly #make: () => Uint8Array;
  readonly #label: string;
  readonly length: number;

  constructor(length: number, label: string, make: () => Uint8Array) {
    this.length = length;
    this.#label = label;
    this.#make = make;
  }

  static of(bytes: Uint8Array): Sample {
    const kept = bytes.slice();
    return new Sample(kept.length, `${kept.length} bytes`, () => kept.slice());
  }

  static recipe(shape: Shape, size: number, seed: number): Sample {
    return new Sample(size, `${size} bytes of ${shape} (seed ${seed})`, () => fill(shape, size, seed));
  }

  fresh(): Uint8Array {
    return this.#make();
  }

  /** The same content with `change` applied to a copy of it. */
  changed(label: string, change: (bytes: Uint8Array) => Uint8Array): Sample {
    return Sample.of(change(this.fresh())).#named(`${this.#label}, ${label}`);
  }

  #named(label: string): Sample {
    return new Sample(this.length, label, this.#make);
  }

  toString(): string {
    return this.length <= 24 ? `${this.#label} [${hexOf(this.fresh(), 24)}]` : this.#label;
  }

  [fc.toStringMethod](): string {
    return this.toString();
  }
}

/** Numbers below `bound` from a seed: xorshift32, so that a recipe means the same bytes in every runtime and version. */
export function numbersFrom(seed: number): (bound: number) => number {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ 0x2545f491) | 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

const WORDS = 'the of store path and a derivation in is output hash that for chunk narinfo with signature glibc as lib share bin include'.split(' ');

const FILLERS: Readonly<Record<Shape, (bytes: Uint8Array, next: (bound: number) => number) => void>> = {
  zeros() {},
  ones: (bytes) => void bytes.fill(0xff),
  runs(bytes, next) {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + next(next(4) === 0 ? 400 : 12));
      bytes.fill(next(4) * 85, at, end);
      at = end;
    }
  },
  ascending(bytes) {
    for (let i = 0; i < bytes.length; i++) bytes[i] = i;
  },
  periodic(bytes, next) {
    const period = 2 + next(256);
    for (let i = 0; i < bytes.length; i++) bytes[i] = i < period ? next(256) : (bytes[i - period] as number);
  },
  text(bytes, next) {
    for (let at = 0; at < bytes.length; ) {
      const word = `${WORDS[next(WORDS.length)]}${next(9) === 0 ? '\n' : ' '}`;
      for (let i = 0; i < word.length && at < bytes.length; i++) bytes[at++] = word.charCodeAt(i);
    }
  },
  // Stretches that compress beside stretches that do not: archives of compressed files look like this.
  mixed(bytes, next) {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + next(700));
      const noisy = next(2) === 0;
      const value = next(256);
      for (; at < end; at++) bytes[at] = noisy ? next(256) : value;
    }
  },
  random(bytes, next) {
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let i = 0;
    for (; i + 4 <= bytes.length; i += 4) words.setUint32(i, next(2 ** 32));
    for (; i < bytes.length; i++) bytes[i] = next(256);
  },
};

function fill(shape: Shape, size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  FILLERS[shape](bytes, numbersFrom(seed));
  return bytes;
}
