// The grammar as states: each says which string comes next. Not an enumeration: these are compared for every string, and the compiler inlines constants.
import type { NarViolation } from './errors.js';

export const MAGIC = 0;
export const OPEN = 1;
export const TYPE = 2;
export const KIND = 3;
export const FLAG = 4;
export const FLAG_VALUE = 5;
export const CONTENTS_WORD = 6;
export const TARGET_WORD = 7;
/** The end of a file or link. */
export const CLOSE = 8;
/** An entry of a directory, or the directory's end. */
export const ENTRY = 9;
export const ENTRY_OPEN = 10;
export const NAME_WORD = 11;
export const NODE_WORD = 12;
export const ENTRY_CLOSE = 13;
// No words:
export const NAME = 14;
export const TARGET = 15;
export const SIZE = 16;
export const CONTENTS = 17;
export const PADDING = 18;
export const END = 19;
// What a word does besides leading on: a directory begins, a file or link ends, a directory ends.
export const ENTERED = 20;
export const CLOSED = 21;
export const LEFT = 22;

/** For a state: where each word leads, and what is wrong with a closing parenthesis and with any other word. */
export interface Rule {
  readonly next: Readonly<Record<string, number | undefined>>;
  readonly closed?: NarViolation;
  readonly other: NarViolation;
}

// Without a prototype: `constructor` is no word of the grammar.
const to = (next: Record<string, number>): Rule['next'] => Object.assign(Object.create(null), next);

/** The rules of the states that are words, by number. */
export const RULES: readonly Rule[] = [
  { next: to({ 'nix-archive-1': OPEN }), other: 'bad_magic' },
  { next: to({ '(': TYPE }), other: 'unexpected_token' },
  { next: to({ type: KIND }), other: 'missing_type' },
  { next: to({ regular: FLAG, directory: ENTERED, symlink: TARGET_WORD }), other: 'unknown_type' },
  { next: to({ executable: FLAG_VALUE, contents: SIZE }), closed: 'missing_contents', other: 'unexpected_token' },
  { next: to({ '': CONTENTS_WORD }), other: 'executable_value' },
  { next: to({ contents: SIZE }), closed: 'missing_contents', other: 'unexpected_token' },
  { next: to({ target: TARGET }), closed: 'missing_target', other: 'unexpected_token' },
  { next: to({ ')': CLOSED }), other: 'unexpected_token' },
  { next: to({ entry: ENTRY_OPEN, ')': LEFT }), other: 'unexpected_token' },
  { next: to({ '(': NAME_WORD }), other: 'unexpected_token' },
  { next: to({ name: NAME }), other: 'missing_name' },
  { next: to({ node: OPEN }), closed: 'missing_node', other: 'unexpected_token' },
  { next: to({ ')': ENTRY }), other: 'unexpected_token' },
];
