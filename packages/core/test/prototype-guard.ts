import { expect } from 'vitest';

/** Taken at the start of a test file, asked at its end: nothing in between may have touched `Object.prototype`. */
export function prototypeGuard(): () => void {
  const before = Object.getOwnPropertyNames(Object.prototype).sort();
  return () => {
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before);
    expect(Object.keys({})).toEqual([]);
    for (const key in {}) throw new Error(`${key} is inherited by every object`);
  };
}
