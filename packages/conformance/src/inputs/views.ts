import fc from 'fast-check';

/** A way in which the same bytes may arrive. `refusable` ones may be refused as `invalid_input`, but not read wrongly. */
export class View {
  readonly #label: string;
  readonly refusable: boolean;
  readonly of: (bytes: Uint8Array) => Uint8Array;

  constructor(label: string, refusable: boolean, of: (bytes: Uint8Array) => Uint8Array) {
    this.#label = label;
    this.refusable = refusable;
    this.of = of;
  }

  toString(): string {
    return this.#label;
  }

  [fc.toStringMethod](): string {
    return this.#label;
  }
}

/** The bytes somewhere inside a larger buffer that is full of something else. */
function inside(buffer: ArrayBufferLike, offset: number, bytes: Uint8Array): Uint8Array {
  new Uint8Array(buffer).fill(0xa5);
  const view = new Uint8Array(buffer, offset, bytes.length);
  view.set(bytes);
  return view;
}

const VIEWS: readonly View[] = [
  new View('a view at offset 1', false, (bytes) => inside(new ArrayBuffer(bytes.length + 40), 1, bytes)),
  new View('a view at offset 37', false, (bytes) => inside(new ArrayBuffer(bytes.length + 40), 37, bytes)),
  new View('a subclass of Uint8Array', false, (bytes) => new (class Bytes extends Uint8Array {})(bytes)),
  ...(typeof Buffer === 'undefined' ? [] : [new View('a Buffer', false, (bytes) => Buffer.from(bytes))]),
  ...foreign(),
  new View('a view of a SharedArrayBuffer', true, (bytes) => inside(new SharedArrayBuffer(bytes.length + 8), 3, bytes)),
  new View('a view of a resizable buffer', true, resizable),
];

function resizable(bytes: Uint8Array): Uint8Array {
  const create = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  return inside(new create(bytes.length + 8, { maxByteLength: bytes.length + 4096 }), 5, bytes);
}

/** Arrays of another realm fail `instanceof Uint8Array`; frames and vm contexts make them. */
function foreign(): View[] {
  const vm = globalThis.process?.getBuiltinModule?.('node:vm');
  if (vm === undefined) return [];
  const create = vm.runInNewContext('(bytes) => Uint8Array.from(bytes)') as (bytes: Uint8Array) => Uint8Array;
  return [new View('a Uint8Array of another realm', false, create)];
}

export function oddViews(): fc.Arbitrary<View> {
  return fc.constantFrom(...VIEWS);
}
