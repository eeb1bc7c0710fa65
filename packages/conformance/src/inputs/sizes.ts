import fc from 'fast-check';

/**
 * Sizes for inputs: mostly small, often at a boundary or one beside it, now and then large. Shrinks like an integer, so a counterexample is the smallest size that fails and
 * not the boundary it was found at.
 */
class Sizes extends fc.Arbitrary<number> {
  readonly #whole: fc.Arbitrary<number>;
  readonly #pick: fc.Arbitrary<number>;

  constructor(boundaries: readonly number[], small: number) {
    super();
    const max = Math.max(small, ...boundaries);
    const near = boundaries.filter((size) => size <= small * 16);
    this.#whole = fc.nat(max);
    this.#pick = fc.oneof(
      { arbitrary: fc.nat(small), weight: 12 },
      { arbitrary: fc.constantFrom(...(near.length === 0 ? boundaries : near)), weight: 6 },
      { arbitrary: fc.constantFrom(...boundaries), weight: 2 },
    );
  }

  generate(random: fc.Random, bias: number | undefined): fc.Value<number> {
    return new fc.Value(this.#pick.generate(random, bias).value, undefined);
  }

  canShrinkWithoutContext(value: unknown): value is number {
    return this.#whole.canShrinkWithoutContext(value);
  }

  shrink(value: number, context: unknown): fc.Stream<fc.Value<number>> {
    return this.#whole.shrink(value, context);
  }
}

/** `boundaries` are sizes worth testing exactly; `small` bounds the bulk of the rest. */
export function sizes(boundaries: readonly number[], small: number): fc.Arbitrary<number> {
  return new Sizes(
    [...new Set(boundaries.filter((size) => size >= 0))].sort((a, b) => a - b),
    small,
  );
}

/** Powers of two and their neighbours: where block formats, counters and vector loops change their way. */
export function powersOfTwo(from: number, to: number): number[] {
  const all: number[] = [0, 1];
  for (let power = from; power <= to; power *= 2) all.push(power - 1, power, power + 1);
  return all;
}
