import fc from 'fast-check';

/** More pieces than this cost time and prove nothing new. */
const MOST_PIECES = 200;

/** A way of cutting an input into pieces: lengths taken in turn, the rest at last; 0 is an empty piece. */
export class Split {
  readonly #lengths: readonly number[];

  constructor(lengths: readonly number[]) {
    this.#lengths = lengths;
  }

  /** The pieces of `bytes`, each a buffer of its own, so that one may be scribbled over. */
  *pieces(bytes: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    for (let turn = 0; at < bytes.length && turn < MOST_PIECES && this.#lengths.length > 0; turn++) {
      const length = this.#lengths[turn % this.#lengths.length] as number;
      yield bytes.slice(at, at + length);
      at += length;
    }
    if (at < bytes.length) yield bytes.slice(at);
  }

  toString(): string {
    return this.#lengths.length === 0 ? 'in one piece' : `in pieces of ${this.#lengths.join(', ')} in turn`;
  }

  [fc.toStringMethod](): string {
    return this.toString();
  }
}

/** Any split: empty pieces, single bytes, pieces around `sizes` that matter to the algorithm. */
export function splits(around: readonly number[] = []): fc.Arbitrary<Split> {
  const length = fc.oneof(
    { arbitrary: fc.constantFrom(0, 1), weight: 3 },
    { arbitrary: fc.nat(200), weight: 3 },
    { arbitrary: fc.nat(20_000), weight: 1 },
    ...(around.length === 0 ? [] : [{ arbitrary: fc.constantFrom(...around), weight: 2 }]),
  );
  return fc.oneof(
    { arbitrary: fc.array(length, { maxLength: 8 }).map((lengths) => new Split(lengths)), weight: 4 },
    { arbitrary: fc.constant(new Split([1])), weight: 1 },
    { arbitrary: fc.constant(new Split([0, 1])), weight: 1 },
  );
}
