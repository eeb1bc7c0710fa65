/*
 * What a value that claims to be bytes really is. The answers come from the intrinsic accessors, never from properties of the value: those can be redefined.
 */

type Getter<T> = { call(target: unknown): T };

const getter = <T>(prototype: object, name: PropertyKey): Getter<T> => {
  const found = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  return (found ?? (() => undefined)) as unknown as Getter<T>;
};

const TYPED = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOf = getter<string | undefined>(TYPED, Symbol.toStringTag);
const lengthOf = getter<number>(TYPED, 'length');
const offsetOf = getter<number>(TYPED, 'byteOffset');
const bufferOf = getter<ArrayBufferLike>(TYPED, 'buffer');
const unsharedLengthOf = getter<number>(ArrayBuffer.prototype, 'byteLength');
const resizableOf = getter<boolean | undefined>(ArrayBuffer.prototype, 'resizable');
const CAN_RESIZE = 'resizable' in ArrayBuffer.prototype;

/** A Uint8Array of any realm, Buffer and other subclasses included. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && tagOf.call(value) === 'Uint8Array';
}

/** A Uint32Array of any realm. */
export function isWords(value: unknown): value is Uint32Array {
  return ArrayBuffer.isView(value) && tagOf.call(value) === 'Uint32Array';
}

export function isDoubles(value: unknown): value is Float64Array {
  return ArrayBuffer.isView(value) && tagOf.call(value) === 'Float64Array';
}

/** Shared between threads. `ArrayBuffer`'s own accessor refuses such memory, in any realm; asking for the name of its class takes longer than hashing a few bytes. */
export function isShared(bytes: ArrayBufferView): boolean {
  const buffer = bufferOf.call(bytes);
  try {
    unsharedLengthOf.call(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Resizable or shared, asked at once: `ArrayBuffer`'s accessors refuse shared memory. */
export function isUnfixed(bytes: ArrayBufferView): boolean {
  const buffer = bufferOf.call(bytes);
  try {
    return CAN_RESIZE ? resizableOf.call(buffer) === true : unsharedLengthOf.call(buffer) < 0;
  } catch {
    return true;
  }
}

/**
 * Its memory was transferred away. Node 20 has no `ArrayBuffer.prototype.detached`, but refuses to look at such a buffer. The property `length` must not be asked beforehand: compiled by V8 11 it may tell what the length was.
 */
export function isDetached(bytes: ArrayBufferView): boolean {
  if (lengthOf.call(bytes) !== 0) return false;
  try {
    new Uint8Array(bufferOf.call(bytes), 0, 0);
    return false;
  } catch {
    return true;
  }
}

/** The same bytes as a plain Uint8Array of this realm: a Buffer's `slice` is a view, and a stranger's kernel would not expect that. */
export function plainView(bytes: Uint8Array): Uint8Array {
  return isPlain(bytes) ? bytes : new Uint8Array(bufferOf.call(bytes), offsetOf.call(bytes), lengthOf.call(bytes));
}

const hasOwn = Object.prototype.hasOwnProperty;

// Asked by name: reading `buffer` would make the engine move a small array's bytes off its heap, which takes longer than hashing them.
function isPlain(bytes: Uint8Array): boolean {
  return (
    Object.getPrototypeOf(bytes) === Uint8Array.prototype &&
    !hasOwn.call(bytes, 'length') &&
    !hasOwn.call(bytes, 'buffer') &&
    !hasOwn.call(bytes, 'byteOffset') &&
    !hasOwn.call(bytes, 'byteLength')
  );
}

/** True where two views have a byte in common. */
export function overlaps(a: Uint8Array, b: Uint8Array): boolean {
  return sameMemory(a, b) && a.byteOffset < b.byteOffset + b.length && b.byteOffset < a.byteOffset + a.length;
}

/** True where two views show one buffer. */
export function sameMemory(a: Uint8Array, b: Uint8Array): boolean {
  return bufferOf.call(a) === bufferOf.call(b);
}

/** What a value is, for messages: its type, never its content. */
export function kindOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object' && typeof value !== 'function') return typeof value;
  if (ArrayBuffer.isView(value)) return tagOf.call(value) ?? 'DataView';
  return Array.isArray(value) ? 'an array' : typeof value === 'function' ? 'a function' : 'an object';
}
