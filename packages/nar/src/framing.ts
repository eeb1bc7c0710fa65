// The bytes between contents, by docs/formats/nar.md. Every token is a string: length as 64 bits little-endian, bytes, zeros up to a multiple of 8. All that stands between
// two variable parts is one run here, so that an entry costs a handful of copies.
import { concat, MAGIC, padding, tokens } from './grammar.js';
import type { NarLimits } from './limits.js';

// A length follows each of the first five; its eight zeros are part of the run and are written over.
const LENGTH = new Uint8Array(8);
const ENTRY = concat([tokens('entry', '(', 'name'), LENGTH]);
const REGULAR = concat([tokens('(', 'type', 'regular', 'contents'), LENGTH]);
const EXECUTABLE = concat([tokens('(', 'type', 'regular', 'executable', '', 'contents'), LENGTH]);
const SYMLINK = concat([tokens('(', 'type', 'symlink', 'target'), LENGTH]);
const NODE = tokens('node');
const DIRECTORY = tokens('(', 'type', 'directory');
const CLOSE = tokens(')');

/** What ends a string of `padding` missing bytes, then its node, then (inside a directory) its entry. */
const ENDS = [0, 1, 2, 3, 4, 5, 6, 7].map((missing) => {
  const root = concat([new Uint8Array(missing), CLOSE]);
  return [root, concat([root, CLOSE])] as const;
});
const PADDED_NODE = [0, 1, 2, 3, 4, 5, 6, 7].map((missing) => concat([new Uint8Array(missing), NODE]));

/** Bytes that one call of a framing function writes at most. */
export function longestFrame({ depth, name, target }: NarLimits): number {
  return depth * 2 * CLOSE.length + MAGIC.length + ENTRY.length + name + 8 + NODE.length + EXECUTABLE.length + target + 8 + 2 * CLOSE.length;
}

/** Writes framing into memory at a position. */
export class FrameWriter {
  out: Uint8Array = new Uint8Array(0);
  at = 0;

  /** What stands before a node at this depth: the magic, or the head of its entry. */
  open(depth: number, name: Uint8Array): void {
    if (depth === 0) {
      this.#put(MAGIC);
      return;
    }
    this.#put(ENTRY);
    this.out[this.at - 8] = name.length;
    this.#put(name);
    this.#put(PADDED_NODE[padding(name.length)] as Uint8Array);
  }

  /** All of a file up to its contents. */
  regular(size: number, executable: boolean): void {
    this.#put(executable ? EXECUTABLE : REGULAR);
    const { out } = this;
    const from = this.at - 8;
    // Above 32 bits the bit operators no longer serve.
    const low = size % 0x1_0000_0000;
    const high = (size - low) / 0x1_0000_0000;
    for (let i = 0; i < 4; i++) {
      out[from + i] = low >>> (8 * i);
      out[from + 4 + i] = high >>> (8 * i);
    }
  }

  symlink(target: Uint8Array, depth: number): void {
    this.#put(SYMLINK);
    this.out[this.at - 8] = target.length % 256;
    this.out[this.at - 7] = target.length >>> 8;
    this.#put(target);
    this.end(target.length, depth);
  }

  directory(): void {
    this.#put(DIRECTORY);
  }

  /** Ends a node at this depth, and its entry, behind a string of this length. */
  end(length: number, depth: number): void {
    const [root, inside] = ENDS[padding(length)] as (typeof ENDS)[number];
    this.#put(depth === 0 ? root : inside);
  }

  #put(bytes: Uint8Array): void {
    this.out.set(bytes, this.at);
    this.at += bytes.length;
  }
}
