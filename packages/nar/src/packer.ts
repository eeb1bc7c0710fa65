// Packing without ever holding an archive or a file: the walk says what stands where, framing is written straight into the caller's window, and all contents that fall
// into the window are read to their places by one job. Because places are known before anything is read, several windows are filled at the same time.
import { NarError } from '@chunker/core';
import { displayPath, KIND, KINDS, type WindowSource } from '@chunker/io';
import { FrameWriter, longestFrame } from './framing.js';
import { NAR_LIMITS } from './limits.js';
import type { Nodes } from './nodes.js';

/** One entry of an archive that is being written. */
export interface NarEntry {
  /** From the root, components joined by `/`, as bytes; empty for the root. */
  readonly path: Uint8Array;
  readonly kind: 'regular' | 'directory' | 'symlink';
  readonly executable: boolean;
  /** Bytes of a file's contents, else 0. */
  readonly size: number;
  /** Where in the archive the entry's node begins. */
  readonly nodeOffset: number;
  /** Where in the archive a file's contents begin. */
  readonly narOffset?: number;
  readonly target?: Uint8Array;
}

export interface PackerOptions {
  /** Levels allowed, the root being the first; default 64, more is refused by Nix. */
  readonly maxDepth?: number | undefined;
  /** Told of each entry, in order, when its framing is written. */
  readonly onEntry?: ((entry: NarEntry) => void) | undefined;
}

/** The archive of some nodes, window by window. */
export class NarPacker implements WindowSource {
  readonly size = undefined;
  readonly #nodes: Nodes;
  readonly #maxDepth: number;
  readonly #onEntry: PackerOptions['onEntry'];
  readonly #frame = new FrameWriter();
  /** Framing that did not fit into the window before. */
  readonly #spill: Uint8Array;
  #spillFrom = 0;
  #spillTo = 0;
  /** Directories that are open. */
  #open = 0;
  #fileOffset = 0;
  #fileLeft = 0;
  #ended = false;
  #position = 0;
  #turn: Promise<void> = Promise.resolve();
  readonly #running = new Set<Promise<unknown>>();
  #failure: { readonly error: unknown } | undefined;
  #closed: Promise<void> | undefined;

  constructor(nodes: Nodes, options: PackerOptions = {}) {
    this.#nodes = nodes;
    this.#maxDepth = options.maxDepth ?? NAR_LIMITS.depth;
    this.#onEntry = options.onEntry;
    this.#spill = new Uint8Array(longestFrame({ ...NAR_LIMITS, depth: this.#maxDepth + 1 }));
  }

  /** Bytes of the archive up to the end of the last window asked for. */
  get position(): number {
    return this.#position;
  }

  /**
   * Puts the next bytes of the archive into `window`: as many as there is room, fewer only at the end, 0 behind it. May be called again before it settles; the windows follow
   * one another in the order of the calls. `window` must not be touched until the promise settles. After a failure every further call rejects with it.
   */
  fill(window: Uint8Array): Promise<number> {
    const filling = this.#fill(window);
    this.#running.add(filling);
    const done = () => this.#running.delete(filling);
    filling.then(done, done);
    return filling;
  }

  /** Gives back what is held, once running calls have settled. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#failure ??= { error: new NarError('already_finished', { operation: 'pack' }) };
    await Promise.allSettled(this.#running);
    await this.#nodes.close();
  }

  async #fill(window: Uint8Array): Promise<number> {
    const turn = this.#turn;
    let pass = () => {};
    this.#turn = new Promise((resolve) => {
      pass = resolve;
    });
    try {
      await turn;
      let length: number;
      let reading: Promise<void>;
      try {
        if (this.#failure !== undefined) throw this.#failure.error;
        length = await this.#write(window);
        this.#position += length;
        reading = this.#nodes.settle(window);
      } finally {
        pass();
      }
      await reading;
      return length;
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  /** Writes framing and asks for contents until the window is full or the archive ends. */
  async #write(window: Uint8Array): Promise<number> {
    let at = 0;
    for (;;) {
      at += this.#takeSpilled(window, at);
      at += this.#takeContents(window, at);
      if (at === window.length) return at;
      if (this.#spillFrom < this.#spillTo) continue;
      if (this.#ended) return at;
      const more = this.#nodes.advance();
      const direct = window.length - at >= this.#spill.length;
      if (!(typeof more === 'boolean' ? more : await more)) this.#ended = true;
      this.#frame.out = direct ? window : this.#spill;
      this.#frame.at = direct ? at : 0;
      if (this.#ended) this.#closeDirectories(0);
      else this.#writeEntry(this.#position + at - this.#frame.at);
      if (direct) at = this.#frame.at;
      else this.#spillFrom = 0;
      if (!direct) this.#spillTo = this.#frame.at;
    }
  }

  #takeSpilled(window: Uint8Array, at: number): number {
    const length = Math.min(this.#spillTo - this.#spillFrom, window.length - at);
    if (length <= 0) return 0;
    window.set(this.#spill.subarray(this.#spillFrom, this.#spillFrom + length), at);
    this.#spillFrom += length;
    return length;
  }

  /** Contents of the file at hand, and what ends it. */
  #takeContents(window: Uint8Array, at: number): number {
    if (this.#fileLeft === 0 || this.#spillFrom < this.#spillTo) return 0;
    const length = Math.min(this.#fileLeft, window.length - at);
    if (length === 0) return 0;
    this.#nodes.contents(this.#fileOffset, length, window, at);
    this.#fileOffset += length;
    this.#fileLeft -= length;
    if (this.#fileLeft > 0) return length;
    const frame = this.#frame;
    const direct = window.length - at - length >= 64;
    frame.out = direct ? window : this.#spill;
    frame.at = direct ? at + length : 0;
    frame.end(this.#fileOffset, this.#nodes.depth);
    if (direct) return frame.at - at;
    this.#spillFrom = 0;
    this.#spillTo = frame.at;
    return length;
  }

  /** `base` is what must be added to a position in the frame to get one in the archive. */
  #writeEntry(base: number): void {
    const nodes = this.#nodes;
    const { depth, kind } = nodes;
    if (depth >= this.#maxDepth) throw this.#refused('too_deep', `lies deeper than the limit of ${this.#maxDepth} levels`);
    this.#closeDirectories(depth);
    const frame = this.#frame;
    frame.open(depth, nodes.name);
    const nodeOffset = base + frame.at;
    const { size } = nodes;
    if (kind === KIND.regular) {
      frame.regular(size, nodes.executable);
      this.#fileOffset = 0;
      this.#fileLeft = size;
      if (this.#onEntry !== undefined) this.#tell(nodeOffset, base + frame.at);
      if (size === 0) frame.end(0, depth);
      return;
    }
    if (kind === KIND.directory) {
      frame.directory();
      this.#open++;
    } else if (kind === KIND.symlink) frame.symlink(nodes.target, depth);
    else throw this.#refused('unsupported_file_type', `is a ${KINDS[kind]?.replace('_', ' ')}, which no archive can hold`);
    if (this.#onEntry !== undefined) this.#tell(nodeOffset);
  }

  #closeDirectories(depth: number): void {
    while (this.#open > depth) {
      this.#open--;
      this.#frame.end(0, this.#open);
    }
  }

  #tell(nodeOffset: number, narOffset?: number): void {
    const { path, executable, size, target, kind } = this.#nodes;
    const entry = { path, kind: KINDS[kind] as NarEntry['kind'], executable: kind === KIND.regular && executable, size, nodeOffset };
    if (narOffset !== undefined) this.#onEntry?.({ ...entry, narOffset });
    else if (kind === KIND.symlink) this.#onEntry?.({ ...entry, target });
    else this.#onEntry?.(entry);
  }

  #refused(code: 'too_deep' | 'unsupported_file_type', why: string): NarError {
    const path = displayPath(this.#nodes.path);
    const details = code === 'too_deep' ? { path, limit: this.#maxDepth } : { path, type: KINDS[this.#nodes.kind] ?? 'unknown' };
    return new NarError(code, details, { message: `${this.#nodes.shown} ${why}` });
  }
}
