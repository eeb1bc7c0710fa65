// Reading an archive from pieces of any size, by docs/formats/nar.md. A state says which string comes next. Strings are looked at once they are whole (one that is cut by the end of a piece is kept: at most
// 4104 bytes); their length is judged as soon as it is there, before anything is kept. Contents are handed on as they come.
import { NarError } from '@chunker/core';
import { displayPath } from '@chunker/io';
import { type NarViolation, violation } from './errors.js';
import { padding } from './grammar.js';
import { NAR_LIMITS } from './limits.js';
import { NamePath } from './name-path.js';
import { CLOSE_RUN, DIRECTORY_RUN, ENTRY_RUN, EXECUTABLE_RUN, FLAG_AT, KIND_AT, matches, REGULAR_RUN, SYMLINK_RUN } from './runs.js';
import {
  CLOSE,
  CONTENTS,
  END,
  ENTRY,
  ENTRY_CLOSE,
  ENTERED,
  CLOSED,
  LEFT,
  FLAG_VALUE,
  KIND,
  MAGIC,
  NAME,
  NODE_WORD,
  OPEN,
  PADDING,
  RULES,
  SIZE,
  TARGET,
} from './states.js';

/** Told what an archive holds, in its order. The parser's fields say what a call is about; they change with the next. */
export interface NarHandler {
  /** A directory begins: `path`, `nodeOffset`. */
  directory(parser: NarParser): void;
  /** A file begins: also `size`, `executable`, `contentsOffset`. The answer `false` leaves its contents out. */
  file(parser: NarParser): boolean | undefined;
  /** The next contents of the file: a view of the piece that is being read, and where in the file it stands. */
  contents(bytes: Uint8Array, offset: number): void;
  /** A symbolic link: also `target`. */
  symlink(parser: NarParser): void;
  /** The file or directory at `path` has ended and is well formed. */
  end(parser: NarParser): void;
}

/** What a parser allows. */
export interface NarParserOptions {
  /** Levels allowed, the root being the first; default 64. */
  readonly maxDepth?: number | undefined;
}

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
const HELD_BYTES = 8 + NAR_LIMITS.target + 1;
const NOTHING = new Uint8Array(0);

/** The push parser: the same events, errors and places whatever the pieces are. Not for use after an error. */
export class NarParser {
  /** Names from the root to the node at hand, as bytes. */
  readonly #names = new NamePath();
  readonly #handler: NarHandler;
  readonly #maxDepth: number;
  #state = MAGIC;
  /** Directories that are open; the depth of the node at hand. */
  #level = 0;
  /** Bytes of the archive before the piece, and before the string that is being read. */
  #base = 0;
  #at = 0;
  #length = 0;
  #left = 0;
  #wanted = true;
  #isFile = false;
  /** The beginning of a string that the last piece cut. */
  #held: Uint8Array = NOTHING;
  #heldBytes = 0;
  #stopped = false;
  #failure: unknown;

  /** Where the node at hand begins. */
  nodeOffset = 0;
  /** Of a file: its bytes, whether it may be executed, where its contents begin. */
  size = 0;
  executable = false;
  contentsOffset = 0;
  /** Of a symbolic link; valid during the call. */
  target: Uint8Array = NOTHING;

  constructor(handler: NarHandler, options: NarParserOptions = {}) {
    this.#handler = handler;
    this.#maxDepth = options.maxDepth ?? NAR_LIMITS.depth;
    if (!Number.isSafeInteger(this.#maxDepth) || this.#maxDepth < 1) {
      throw new NarError('invalid_input', { name: 'maxDepth', value: String(this.#maxDepth), expected: 'a whole number above 0' });
    }
  }

  /** Distance of the node at hand from the root. */
  get depth(): number {
    return this.#level;
  }

  /** Name of the node at hand; empty for the root. A view that is valid during the call. */
  get name(): Uint8Array {
    return this.#names.name(this.#level);
  }

  /** Name of the directory at a depth above the node at hand. A view that is valid during the call. */
  nameAt(depth: number): Uint8Array {
    return this.#names.name(depth);
  }

  /** Path of the node at hand from the root, components joined by `/`; empty for the root. A copy. */
  get path(): Uint8Array {
    return this.#names.path(this.#level);
  }

  /** Bytes of the archive that were taken. */
  get position(): number {
    return this.#base;
  }

  /** Contents that come next and that nobody wants: bytes that `skip` may be told of instead of being fed. */
  get skippable(): number {
    return this.#state === CONTENTS && !this.#wanted ? this.#left : 0;
  }

  /** The archive is whole. */
  get isComplete(): boolean {
    return this.#state === END;
  }

  /** From a handler: nothing more is taken after this call. */
  stop(): void {
    this.#stopped = true;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /**
   * Takes the next piece of the archive. Views of it are handed to the handler; nothing of it is kept. Answers the bytes taken: fewer than given only after `stop`.
   *
   * @throws NarError with `offset` in its details: one code for each rule of the format, `trailing_data`
   */
  feed(piece: Uint8Array): number {
    this.#checkUsable();
    const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
    let at = 0;
    try {
      while (at < piece.length && !this.#stopped) {
        if (this.#state === CONTENTS) at = this.#takeContents(piece, at);
        else if (this.#heldBytes > 0) at = this.#takeHeld(piece, at);
        else at = this.#takeStrings(piece, view, at);
      }
    } catch (error) {
      this.#failure = error;
      throw error;
    }
    this.#base += at;
    return at;
  }

  /** Contents of the archive that the caller passed over instead of feeding them: at most `skippable`. */
  skip(bytes: number): void {
    if (!(bytes >= 0 && bytes <= this.skippable)) throw new NarError('invalid_input', { name: 'bytes', value: String(bytes), expected: 'at most skippable' });
    this.#base += bytes;
    this.#passContents(bytes);
  }

  /** The input has ended. @throws NarError `truncated_input` */
  finish(): void {
    this.#checkUsable();
    if (this.#state === END) return;
    this.#failure = new NarError('truncated_input', { offset: this.#base }, { message: `the archive ends too early, at byte ${this.#base}` });
    throw this.#failure;
  }

  #checkUsable(): void {
    if (this.#failure !== undefined) throw new NarError('already_finished', { operation: 'parse' }, { cause: this.#failure });
  }

  #takeContents(piece: Uint8Array, at: number): number {
    const length = Math.min(this.#left, piece.length - at);
    if (this.#wanted) this.#handler.contents(piece.subarray(at, at + length), this.size - this.#left);
    this.#passContents(length);
    return at + length;
  }

  #passContents(bytes: number): void {
    this.#left -= bytes;
    if (this.#left === 0) this.#state = padding(this.size) > 0 ? PADDING : CLOSE;
  }

  /** Strings that are whole in the piece, one after the other; the beginning of one that is not is held. */
  #takeStrings(piece: Uint8Array, view: DataView, from: number): number {
    let at = from;
    while (at < piece.length && this.#state !== CONTENTS && !this.#stopped) {
      const run = this.#takeRun(view, at);
      if (run > 0) {
        at += run;
        continue;
      }
      this.#at = this.#base + at;
      const bytes = this.#measure(piece, at, piece.length - at);
      if (at + bytes > piece.length) return this.#hold(piece, at);
      this.#take(piece, at);
      at += bytes;
    }
    return at;
  }

  #hold(piece: Uint8Array, at: number): number {
    if (this.#held.length === 0) this.#held = new Uint8Array(HELD_BYTES);
    this.#held.set(piece.subarray(at));
    this.#heldBytes = piece.length - at;
    return piece.length;
  }

  /** Goes on with the string that was cut. */
  #takeHeld(piece: Uint8Array, from: number): number {
    let at = from;
    for (;;) {
      const bytes = this.#measure(this.#held, 0, this.#heldBytes);
      const missing = Math.min(bytes - this.#heldBytes, piece.length - at);
      if (missing > 0) {
        this.#held.set(piece.subarray(at, at + missing), this.#heldBytes);
        this.#heldBytes += missing;
        at += missing;
      } else if (bytes > this.#heldBytes) {
        return at;
      } else {
        this.#heldBytes = 0;
        this.#take(this.#held, 0);
        return at;
      }
    }
  }

  /** Bytes of what comes next, as far as the `there` bytes at `at` tell: never more than may be held. */
  #measure(bytes: Uint8Array, at: number, there: number): number {
    const state = this.#state;
    if (state === PADDING) return padding(this.size);
    // Refused before anything is waited for.
    if (state === END) throw new NarError('trailing_data', { offset: this.#at }, { message: `something follows the archive at byte ${this.#at}` });
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

  #limit(isKept: boolean, code: NarViolation): void {
    if (!isKept) throw this.#refused(code);
  }

  /** Several strings at once, where they are what they nearly always are. */
  #takeRun(view: DataView, at: number): number {
    if (this.#state === ENTRY) {
      if (!matches(view, at, ENTRY_RUN)) return 0;
      this.#state = NAME;
      return ENTRY_RUN.bytes;
    }
    if (this.#state === CLOSE) {
      if (this.#level === 0 || !matches(view, at, CLOSE_RUN)) return 0;
      this.#state = ENTRY;
      if (this.#isFile) this.#handler.end(this);
      return CLOSE_RUN.bytes;
    }
    if (this.#state !== NODE_WORD || this.#level >= this.#maxDepth || at + FLAG_AT >= view.byteLength) return 0;
    const kind = view.getUint8(at + KIND_AT);
    const isExecutable = view.getUint8(at + FLAG_AT) === EXECUTABLE_LENGTH;
    const run = kind === LETTER_D ? DIRECTORY_RUN : kind === LETTER_S ? SYMLINK_RUN : isExecutable ? EXECUTABLE_RUN : REGULAR_RUN;
    if (!matches(view, at, run)) return 0;
    this.nodeOffset = this.#base + at + NODE_BYTES;
    this.executable = run === EXECUTABLE_RUN;
    if (kind === LETTER_D) this.#enter();
    else if (kind === LETTER_S) this.#state = TARGET;
    else this.#state = SIZE;
    return run.bytes;
  }

  /** One whole string, or the padding of contents. */
  #take(bytes: Uint8Array, at: number): void {
    const from = at + 8;
    const to = from + this.#length;
    if (this.#state === PADDING) {
      this.#checkZeros(bytes, at, padding(this.size), this.#at);
      this.#state = CLOSE;
    } else if (this.#state === SIZE) this.#takeSize(bytes, at);
    else if (this.#state === NAME) this.#takeName(bytes, from, to);
    else if (this.#state === TARGET) this.#takeTarget(bytes, from, to);
    else this.#takeWord(bytes, from, to);
  }

  #takeWord(bytes: Uint8Array, from: number, to: number): void {
    const word = ascii(bytes, from, to);
    const { next, closed, other } = RULES[this.#state] as (typeof RULES)[number];
    const after = next[word];
    if (after === undefined) throw this.#refused(word === ')' ? (closed ?? other) : other);
    if (this.#state === OPEN && this.#level >= this.#maxDepth) throw this.#refused('too_deep', this.#maxDepth);
    this.#checkPadding(bytes, to);
    if (this.#state === OPEN) this.nodeOffset = this.#at;
    else if (this.#state === KIND) this.executable = false;
    else if (this.#state === FLAG_VALUE) this.executable = true;
    if (after === ENTERED) this.#enter();
    else if (after === CLOSED) this.#close(this.#isFile);
    else if (after === LEFT) {
      this.#level--;
      this.#close(true);
    } else this.#state = after;
  }

  #takeSize(bytes: Uint8Array, at: number): void {
    const size = lengthAt(bytes, at);
    this.#limit(size <= Number.MAX_SAFE_INTEGER, 'length_out_of_range');
    this.size = size;
    this.contentsOffset = this.#at + 8;
    this.#left = size;
    this.#isFile = true;
    this.#state = size > 0 ? CONTENTS : CLOSE;
    this.#wanted = this.#handler.file(this) !== false;
  }

  #takeName(bytes: Uint8Array, from: number, to: number): void {
    const dots = to - from <= 2 && (from === to || bytes[from] === DOT) && (to - from < 2 || bytes[from + 1] === DOT);
    let isValid = !dots;
    for (let i = from; i < to && isValid; i++) isValid = bytes[i] !== 0 && bytes[i] !== SLASH;
    if (!isValid) throw this.#refused('invalid_name');
    const order = this.#names.put(this.#level, bytes, from, to);
    if (order === 0) throw this.#refused('duplicate_entry');
    if (order < 0) throw this.#refused('entry_out_of_order');
    this.#checkPadding(bytes, to);
    this.#state = NODE_WORD;
  }

  #takeTarget(bytes: Uint8Array, from: number, to: number): void {
    const target = bytes.subarray(from, to);
    if (from === to || target.includes(0)) throw this.#refused('invalid_target');
    this.#checkPadding(bytes, to);
    this.target = target;
    this.#isFile = false;
    this.#state = CLOSE;
    this.#handler.symlink(this);
  }

  #enter(): void {
    this.#state = ENTRY;
    this.#handler.directory(this);
    this.#level++;
    this.#names.open(this.#level);
  }

  /** The node at hand has its closing parenthesis. */
  #close(tells: boolean): void {
    this.#state = this.#level === 0 ? END : ENTRY_CLOSE;
    if (tells) this.#handler.end(this);
  }

  #checkPadding(bytes: Uint8Array, at: number): void {
    this.#checkZeros(bytes, at, padding(this.#length), this.#at + 8 + this.#length);
  }

  #checkZeros(bytes: Uint8Array, at: number, count: number, offset: number): void {
    for (let i = 0; i < count; i++) {
      if (bytes[at + i] !== 0) throw violation('non_zero_padding', offset + i, displayPath(this.path));
    }
  }

  /** The string at hand breaks a rule. */
  #refused(code: NarViolation, limit?: number): NarError {
    // A name that is refused is not at hand yet.
    const level = this.#state === NAME ? this.#level - 1 : this.#level;
    return violation(code, this.#at, displayPath(this.#names.path(level)), limit);
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
