// Strings that follow one another whenever an archive is what most archives are: compared at once, they spare the parser a step for each. Whatever is no such run
// is read string by string, which also says what is wrong.
import { tokens } from './grammar.js';

/** Bytes to be found, as words of 32 bits. */
export interface Run {
  readonly bytes: number;
  readonly words: Int32Array;
}

function run(...texts: readonly string[]): Run {
  const bytes = tokens(...texts);
  const view = new DataView(bytes.buffer);
  return { bytes: bytes.length, words: Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(i * 4, true)) };
}

/** Between the end of a node, or a directory's beginning, and the next name. */
export const ENTRY_RUN = run('entry', '(', 'name');
/** Between a name and what a node of each kind has of its own. */
export const DIRECTORY_RUN = run('node', '(', 'type', 'directory');
export const REGULAR_RUN = run('node', '(', 'type', 'regular', 'contents');
export const EXECUTABLE_RUN = run('node', '(', 'type', 'regular', 'executable', '', 'contents');
export const SYMLINK_RUN = run('node', '(', 'type', 'symlink', 'target');
/** The end of a node and of its entry. */
export const CLOSE_RUN = run(')', ')');

/** Where in a node's run its kind begins. */
export const KIND_AT = 56;
/** Where in a file's run the length of the word behind the kind stands. */
export const FLAG_AT = 64;

/** True when these bytes stand at `at`. */
export function matches(view: DataView, at: number, { bytes, words }: Run): boolean {
  if (at + bytes > view.byteLength) return false;
  for (let i = 0; i < words.length; i++) {
    if (view.getInt32(at + i * 4, true) !== words[i]) return false;
  }
  return true;
}
