// Reading an archive from pieces of any size. Strings are looked at once they are whole: one that is cut by the end of a piece is kept, at most 4104 bytes. Contents are handed on as they come.
import { NarError } from '@chunker/core';
import { ArchiveGrammar, LONGEST_STRING_BYTES } from './archive-grammar.js';
import { NAR_LIMITS } from './limits.js';

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

const NOTHING = new Uint8Array(0);

/** The push parser: the same events, errors and places whatever the pieces are. Not for use after an error. */
export class NarParser {
  readonly #grammar: ArchiveGrammar;
  readonly #handler: NarHandler;
  /** Bytes of the archive before the piece. */
  #base = 0;
  /** The beginning of a string that the last piece cut, and where in the archive it stands. */
  #held: Uint8Array = NOTHING;
  #heldBytes = 0;
  #heldAt = 0;
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
    const maxDepth = options.maxDepth ?? NAR_LIMITS.depth;
    if (!Number.isSafeInteger(maxDepth) || maxDepth < 1) {
      throw new NarError('invalid_input', { name: 'maxDepth', value: String(maxDepth), expected: 'a whole number above 0' });
    }
    this.#handler = handler;
    this.#grammar = new ArchiveGrammar(this, handler, maxDepth);
  }

  /** Distance of the node at hand from the root. */
  get depth(): number {
    return this.#grammar.level;
  }

  /** Name of the node at hand; empty for the root. A view that is valid during the call. */
  get name(): Uint8Array {
    return this.#grammar.names.name(this.#grammar.level);
  }

  /** Name of the directory at a depth above the node at hand. A view that is valid during the call. */
  nameAt(depth: number): Uint8Array {
    return this.#grammar.names.name(depth);
  }

  /** Path of the node at hand from the root, components joined by `/`; empty for the root. A copy. */
  get path(): Uint8Array {
    return this.#grammar.names.path(this.#grammar.level);
  }

  /** Bytes of the archive that were taken. */
  get position(): number {
    return this.#base;
  }

  /** Contents that come next and that nobody wants: bytes that `skip` may be told of instead of being fed. */
  get skippable(): number {
    const grammar = this.#grammar;
    return grammar.isInContents && !grammar.wantsContents ? grammar.contentsLeft : 0;
  }

  /** The archive is whole. */
  get isComplete(): boolean {
    return this.#grammar.isComplete;
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
        if (this.#grammar.isInContents) at = this.#takeContents(piece, at);
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
    // Nothing is passed where nothing can be: the end of contents is met once.
    if (bytes === 0) return;
    this.#base += bytes;
    this.#grammar.passContents(bytes);
  }

  /** The input has ended. @throws NarError `truncated_input` */
  finish(): void {
    this.#checkUsable();
    if (this.isComplete) return;
    this.#failure = new NarError('truncated_input', { offset: this.#base }, { message: `the archive ends too early, at byte ${this.#base}` });
    throw this.#failure;
  }

  #checkUsable(): void {
    if (this.#failure !== undefined) throw new NarError('already_finished', { operation: 'parse' }, { cause: this.#failure });
  }

  #takeContents(piece: Uint8Array, at: number): number {
    const grammar = this.#grammar;
    const length = Math.min(grammar.contentsLeft, piece.length - at);
    if (grammar.wantsContents) this.#handler.contents(piece.subarray(at, at + length), this.size - grammar.contentsLeft);
    grammar.passContents(length);
    return at + length;
  }

  /** Strings that are whole in the piece, one after the other; the beginning of one that is not is held. */
  #takeStrings(piece: Uint8Array, view: DataView, from: number): number {
    const grammar = this.#grammar;
    let at = from;
    while (at < piece.length && !grammar.isInContents && !this.#stopped) {
      const run = grammar.takeRun(view, at, this.#base + at);
      if (run > 0) {
        at += run;
        continue;
      }
      const bytes = grammar.measure(piece, at, piece.length - at, this.#base + at);
      if (at + bytes > piece.length) return this.#hold(piece, at);
      grammar.take(piece, at);
      at += bytes;
    }
    return at;
  }

  #hold(piece: Uint8Array, at: number): number {
    if (this.#held.length === 0) this.#held = new Uint8Array(LONGEST_STRING_BYTES);
    this.#held.set(piece.subarray(at));
    this.#heldBytes = piece.length - at;
    this.#heldAt = this.#base + at;
    return piece.length;
  }

  /** Goes on with the string that was cut. */
  #takeHeld(piece: Uint8Array, from: number): number {
    const grammar = this.#grammar;
    let at = from;
    for (;;) {
      const bytes = grammar.measure(this.#held, 0, this.#heldBytes, this.#heldAt);
      const missing = Math.min(bytes - this.#heldBytes, piece.length - at);
      if (missing > 0) {
        this.#held.set(piece.subarray(at, at + missing), this.#heldBytes);
        this.#heldBytes += missing;
        at += missing;
      } else if (bytes > this.#heldBytes) {
        return at;
      } else {
        this.#heldBytes = 0;
        grammar.take(this.#held, 0);
        return at;
      }
    }
  }
}
