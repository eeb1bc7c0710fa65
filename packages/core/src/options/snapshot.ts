/** Deeper options are no options; the bound also ends cycles. */
const MAX_DEPTH = 8;

/** Options that no schema needs to look at. `path` says where. */
export class UnreadableOptions extends Error {
  readonly path: string;
  constructor(path: string, reason: string) {
    super(reason);
    this.path = path;
  }
}

/**
 * Options read once: plain objects and lists are copied, so that a getter cannot answer the schema one thing and the kernel another, and `__proto__` from parsed JSON stays a refused word.
 */
export function snapshot(value: unknown, path = '', depth = 0): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (depth > MAX_DEPTH) throw new UnreadableOptions(path, 'it is nested too deeply');
  if (Array.isArray(value)) return Array.from(value, (item, index) => snapshot(item, `${path}[${index}]`, depth + 1));
  if (!isPlain(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (key === '__proto__') throw new UnreadableOptions(at, 'it is no option');
    copy[key] = snapshot((value as Record<string, unknown>)[key], at, depth + 1);
  }
  return copy;
}

/** An object literal, of any realm. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

// What stands for itself before a colon: other keys are quoted, or `{ 'a:1,b': 2 }` would print like `{ a: 1, b: 2 }`.
const PLAIN_KEY = /^[\w$-]+$/;

/** A value for messages and memo keys: types are told apart, bytes are never shown. */
export function printable(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (ArrayBuffer.isView(value)) return 'bytes';
  if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) return `[${value.map(printable).join()}]`;
    if (isPlain(value))
      return `{${Object.keys(value)
        .map((key) => `${PLAIN_KEY.test(key) ? key : JSON.stringify(key)}:${printable(value[key])}`)
        .join()}}`;
    return 'an object';
  }
  return typeof value === 'function' || typeof value === 'symbol' ? typeof value : Object.is(value, -0) ? '-0' : String(value);
}
