import type { KernelKind } from '@chunker/core';
import fc from 'fast-check';

/** One of several algorithms, by its kernel; prints as its kernel's name. */
export function kernelsOf<Face extends { readonly kernel: KernelKind }>(faces: readonly Face[]): fc.Arbitrary<Face> {
  const named = faces.map(
    (face) => new Proxy(face, { get: (_target, name) => (name === fc.toStringMethod ? () => `the ${face.kernel} kernel` : bound(face, name)) }),
  );
  return fc.constantFrom(...named);
}

/** Methods keep their object, whose private fields a proxy cannot reach. */
function bound(face: object, name: PropertyKey): unknown {
  const value: unknown = Reflect.get(face, name, face);
  return typeof value === 'function' ? value.bind(face) : value;
}
