// The grammar, string by string: docs/formats/nar.md. A state says which string comes next. Lengths are judged as soon as they are there, before anything is kept; where strings come from, and in what pieces, is not
// known here.
import { NarError } from '@chunker/core';
import { displayPath } from '@chunker/io';
import { type NarViolation, violation } from './errors.js';
import { padding } from './grammar.js';
import { NAR_LIMITS } from './limits.js';
import { NamePath } from './name-path.js';
import type { NarHandler, NarParser } from './parser.js';
import { CLOSE_RUN, DIRECTORY_RUN, ENTRY_RUN, EXECUTABLE_RUN, FLAG_AT, KIND_AT, matches, REGULAR_RUN, SYMLINK_RUN } from './runs.js';
import {
  CLOSE,
  CLOSED,
  CONTENTS,
  END,
  ENTERED,
  ENTRY,
  ENTRY_CLOSE,
  FLAG_VALUE,
  KIND,
  LEFT,
  MAGIC,
  NAME,
  NODE_WORD,
  OPEN,
  PADDING,
  RULES,
  SIZE,
  TARGET,
} from './states.js';

const MAGIC_LENGTH = 13;
/** Longer than any word by far, as Nix has it. */
const WORD_LIMIT = 32;
const DOT = 0x2e;
const SLASH = 0x2f;
const LETTER_D = 0x64;
const LETTER_S = 0x73;
/** Bytes of the word `executable`, and of the string `node`. */
const EXECUTABLE_LENGTH = 10;
const NODE_BYTES = 16;

/** The longest string that `measure` asks for: a target, its length before it and a byte of padding behind. */
export const LONGEST_STRING_BYTES = 8 + NAR_LIMITS.target + 1;

/** What a node is, as far as it was read. */
export interface NodeFacts {
  nodeOffset: number;
  size: number;
  executable: boolean;
  contentsOffset: number;
  target: Uint8Array;
}

/** Takes the strings of one archive in order, and tells a handler. */
export class ArchiveGrammar {
  readonly #parser: NarParser;
  readonly #handler: NarHandler;
  /** The same object as the parser: what the handler reads there is written here. */
  readonly #node: NodeFacts;
  readonly #maxDepth: number;
  /** Names from the root to the node at hand, as bytes. */
  readonly names = new NamePath();
  #state = MAGIC;
  /** Directories that are open; the depth of the node at hand. */
  level = 0;
  /** Where in the archive the string at hand begins; its length without what stands around it. */
  #at = 0;
  #length = 0;
  #isFile = false;
  #wanted = true;
  /** Contents of the file at hand that are still to come. */
  contentsLeft = 0;

  constructor(parser: NarParser & NodeFacts, handler: NarHandler, maxDepth: number) {
    this.#parser = parser;
    this.#node = parser;
    this.#handler = handler;
    this.#maxDepth = maxDepth;
  }

  /** What comes next are bytes of a file, to be passed with `passContents`; else a string. */
  get isInContents(): boolean {
    return this.#state === CONTENTS;
  }

  /** The handler wants the contents of the file at hand. */
  get wantsContents(): boolean {
    return this.#wanted;
  }

  get isComplete(): boolean {
    return this.#state === END;
  }

  passContents(bytes: number): void {
    this.contentsLeft -= bytes;
    if (this.contentsLeft === 0) this.#state = padding(this.#node.size) > 0 ? PADDING : CLOSE;
  }

  /** Bytes of the string that begins at byte `offset` of the archive, as far as the `there` bytes of it at `at` tell: at most `LONGEST_STRING_BYTES`. Called again when there are more. */
  measure(bytes: Uint8Array, at: number, there: number, offset: number): number {
    this.#at = offset;
    const state = this.#state;
    if (state === PADDING) return padding(this.#node.size);
    // Refused before anything is waited for.
    if (state === END) throw new NarError('trailing_data', { offset }, { message: `something follows the archive at byte ${offset}` });
    if (there < 8 || state === SIZE) return 8;
    const length = lengthAt(bytes, at);
    if (state === NAME) this.#limit(length <= NAR_LIMITS.name, 'name_too_long');
    else if (state === TARGET) this.#limit(length <= NAR_LIMITS.target, 'target_too_long');
    else if (state === MAGIC) this.#limit(length === MAGIC_LENGTH, 'bad_magic');
    else if (state === FLAG_VALUE) this.#limit(length === 0, 'executable_value');
    else this.#limit(length <= WORD_LIMIT, 'token_too_long');
    this.#length = length;
    return 8 + length + padding(length);
  }

  /** Takes the string that was measured last and is whole now, or the padding of contents. */
  take(bytes: Uint8Array, at: number): void {
    const from = at + 8;
    const to = from + this.#length;
    if (this.#state === PADDING) {
      this.#checkZeros(bytes, at, padding(this.#node.size), this.#at);
      this.#state = CLOSE;
    } else if (this.#state === SIZE) this.#takeSize(bytes, at);
    else if (this.#state === NAME) this.#takeName(bytes, from, to);
    else if (this.#state === TARGET) this.#takeTarget(bytes, from, to);
    else this.#takeWord(bytes, from, to);
  }

  /** Takes several strings at once, where they are what they nearly always are; answers their bytes, 0 where they are not. `offset` is that of `at` in the archive. */
  takeRun(view: DataView, at: number, offset: number): number {
    if (this.#state === ENTRY) {
      if (!matches(view, at, ENTRY_RUN)) return 0;
      this.#state = NAME;
      return ENTRY_RUN.bytes;
    }
    if (this.#state === CLOSE) {
      if (this.level === 0 || !matches(view, at, CLOSE_RUN)) return 0;
      this.#state = ENTRY;
      if (this.#isFile) this.#handler.end(this.#parser);
      return CLOSE_RUN.bytes;
    }
    if (this.#state !== NODE_WORD || this.level >= this.#maxDepth || at + FLAG_AT >= view.byteLength) return 0;
    const kind = view.getUint8(at + KIND_AT);
    const isExecutable = view.getUint8(at + FLAG_AT) === EXECUTABLE_LENGTH;
    const run = kind === LETTER_D ? DIRECTORY_RUN : kind === LETTER_S ? SYMLINK_RUN : isExecutable ? EXECUTABLE_RUN : REGULAR_RUN;
    if (!matches(view, at, run)) return 0;
    this.#node.nodeOffset = offset + NODE_BYTES;
    this.#node.executable = run === EXECUTABLE_RUN;
    if (kind === LETTER_D) this.#enter();
    else if (kind === LETTER_S) this.#state = TARGET;
    else this.#state = SIZE;
    return run.bytes;
  }

  #takeWord(bytes: Uint8Array, from: number, to: number): void {
    const word = ascii(bytes, from, to);
    const { next, closed, other } = RULES[this.#state] as (typeof RULES)[number];
    const after = next[word];
    if (after === undefined) throw this.#refused(word === ')' ? (closed ?? other) : other);
    if (this.#state === OPEN && this.level >= this.#maxDepth) throw this.#refused('too_deep', this.#maxDepth);
    this.#checkPadding(bytes, to);
    if (this.#state === OPEN) this.#node.nodeOffset = this.#at;
    else if (this.#state === KIND) this.#node.executable = false;
    else if (this.#state === FLAG_VALUE) this.#node.executable = true;
    if (after === ENTERED) this.#enter();
    else if (after === CLOSED) this.#close(this.#isFile);
    else if (after === LEFT) {
      this.level--;
      this.#close(true);
    } else this.#state = after;
  }

  #takeSize(bytes: Uint8Array, at: number): void {
    const size = lengthAt(bytes, at);
    this.#limit(size <= Number.MAX_SAFE_INTEGER, 'length_out_of_range');
    this.#node.size = size;
    this.#node.contentsOffset = this.#at + 8;
    this.contentsLeft = size;
    this.#isFile = true;
    this.#state = size > 0 ? CONTENTS : CLOSE;
    this.#wanted = this.#handler.file(this.#parser) !== false;
  }

  #takeName(bytes: Uint8Array, from: number, to: number): void {
    const dots = to - from <= 2 && (from === to || bytes[from] === DOT) && (to - from < 2 || bytes[from + 1] === DOT);
    let isValid = !dots;
    for (let i = from; i < to && isValid; i++) isValid = bytes[i] !== 0 && bytes[i] !== SLASH;
    if (!isValid) throw this.#refused('invalid_name');
    const order = this.names.put(this.level, bytes, from, to);
    if (order === 0) throw this.#refused('duplicate_entry');
    if (order < 0) throw this.#refused('entry_out_of_order');
    this.#checkPadding(bytes, to);
    this.#state = NODE_WORD;
  }

  #takeTarget(bytes: Uint8Array, from: number, to: number): void {
    const target = bytes.subarray(from, to);
    if (from === to || target.includes(0)) throw this.#refused('invalid_target');
    this.#checkPadding(bytes, to);
    this.#node.target = target;
    this.#isFile = false;
    this.#state = CLOSE;
    this.#handler.symlink(this.#parser);
  }

  #enter(): void {
    this.#state = ENTRY;
    this.#handler.directory(this.#parser);
    this.level++;
    this.names.open(this.level);
  }

  /** The node at hand has its closing parenthesis. */
  #close(tells: boolean): void {
    this.#state = this.level === 0 ? END : ENTRY_CLOSE;
    if (tells) this.#handler.end(this.#parser);
  }

  #checkPadding(bytes: Uint8Array, at: number): void {
    this.#checkZeros(bytes, at, padding(this.#length), this.#at + 8 + this.#length);
  }

  #checkZeros(bytes: Uint8Array, at: number, count: number, offset: number): void {
    for (let i = 0; i < count; i++) {
      if (bytes[at + i] !== 0) throw violation('non_zero_padding', offset + i, displayPath(this.names.path(this.level)));
    }
  }

  #limit(isKept: boolean, code: NarViolation): void {
    if (!isKept) throw this.#refused(code);
  }

  /** The string at hand breaks a rule. */
  #refused(code: NarViolation, limit?: number): NarError {
    // A name that is refused is not at hand yet.
    const level = this.#state === NAME ? this.level - 1 : this.level;
    return violation(code, this.#at, displayPath(this.names.path(level)), limit);
  }
}

/** A length of 64 bits; above 2^53 not exact, and above every limit. */
function lengthAt(bytes: Uint8Array, at: number): number {
  let length = 0;
  for (let i = 7; i >= 0; i--) length = length * 256 + (bytes[at + i] as number);
  return length;
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}
