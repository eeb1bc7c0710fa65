import fc from 'fast-check';
import { Sample, SHAPES } from './sample.js';

/** Inputs of every shape in the given sizes, and short literal ones that shrink byte by byte. */
export function samples(size: fc.Arbitrary<number>, literal = 48): fc.Arbitrary<Sample> {
  const recipes = fc.tuple(fc.constantFrom(...SHAPES), size, fc.nat(9999));
  return fc.oneof(
    { arbitrary: recipes.map(([shape, length, seed]) => Sample.recipe(shape, length, seed)), weight: 5 },
    { arbitrary: fc.uint8Array({ maxLength: literal }).map((bytes) => Sample.of(bytes)), weight: 1 },
  );
}
