// Framing by the nodes: the walk says what stands where, framing is written straight into the caller's window, and all contents that fall into the window are read to their
// places by one job. It serves what a kernel does not archive itself (trees in memory, exclusions, listeners, `node:fs`), and judges what it does.
import { KIND, KINDS } from '@chunker/io';
import { tooDeep, unsupported } from './errors.js';
import { FrameWriter, longestFrame } from './framing.js';
import type { Laid, Layout } from './layout.js';
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

/** What a writer of archives allows, and what it tells meanwhile. */
export interface PackerOptions {
  /** Levels allowed, the root being the first; default 64, more is refused by Nix. */
  readonly maxDepth?: number | undefined;
  /** Told of each entry, in order, when its framing is written. */
  readonly onEntry?: ((entry: NarEntry) => void) | undefined;
}

/** The archive of some nodes. */
export class FramedNodes implements Layout {
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

  constructor(nodes: Nodes, options: PackerOptions = {}) {
    this.#nodes = nodes;
    this.#maxDepth = options.maxDepth ?? NAR_LIMITS.depth;
    this.#onEntry = options.onEntry;
    this.#spill = new Uint8Array(longestFrame({ ...NAR_LIMITS, depth: this.#maxDepth + 1 }));
  }

  async lay(window: Uint8Array): Promise<Laid> {
    const length = await this.#write(window);
    this.#position += length;
    return { length, settled: this.#nodes.settle(window) };
  }

  close(): Promise<void> {
    return this.#nodes.close();
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
    if (depth >= this.#maxDepth) throw tooDeep(nodes.path, nodes.shown, this.#maxDepth);
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
      if (size > 0) return;
      // Nothing to read, but a file that may not be read is no part of an archive either.
      this.#nodes.contents(0, 0, this.#frame.out, 0);
      frame.end(0, depth);
      return;
    }
    if (kind === KIND.directory) {
      frame.directory();
      this.#open++;
    } else if (kind === KIND.symlink) frame.symlink(nodes.target, depth);
    else throw unsupported(nodes.path, nodes.shown, KINDS[kind] ?? 'unknown');
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
}
