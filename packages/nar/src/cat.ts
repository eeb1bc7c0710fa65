import { NarError } from '@chunker/core';
import { compareBytes, displayPath, type FileCode, type PathLike, pathBytes } from '@chunker/io';
import type { NarListing, NarListingNode } from './listing.js';
import { type NarHandler, NarParser } from './parser.js';
import { type NarSource, openPieces, type Pieces } from './pieces.js';
import { type NarReadOptions, step } from './read.js';
import { nameText } from './text.js';

/** How one file of an archive is found. */
export interface CatOptions extends NarReadOptions {
  /** The archive's listing: it is believed, and the file is sought where it says. Without it the archive is read up to the end of the file and checked so far. */
  readonly listing?: NarListing | undefined;
}

/**
 * The contents of one file of an archive. `path` is from the root; slashes around it do not count, the empty path is the root. Each piece is a view that is valid until the next is pulled.
 *
 * @throws NarError `not_found` (the archive, then read and checked to its end, has no such entry), `is_directory`, `symlink_refused`; else as `readNar`
 */
export async function* catNar(source: NarSource, path: PathLike, options: CatOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = await openPieces(source, options.signal);
  try {
    const wanted = normal(pathBytes(path));
    const node = options.listing === undefined ? undefined : find(options.listing, wanted);
    yield* node === undefined ? search(pieces, wanted, options) : seek(pieces, node.narOffset, node.size);
  } finally {
    await pieces.close();
  }
}

async function* search(pieces: Pieces, wanted: Uint8Array, options: CatOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const finder = new Finder(wanted);
  const parser = new NarParser(finder, options);
  for (let more = true; more; ) {
    let failure: { readonly error: unknown } | undefined;
    try {
      more = await step(pieces, parser, options);
    } catch (error) {
      failure = { error };
    }
    const { found } = finder;
    finder.found = [];
    yield* found;
    // What stood before the fault goes out first: what comes of an archive must not depend on how it was cut into pieces.
    if (failure !== undefined) throw failure.error;
  }
  if (!finder.isComplete) throw refused('not_found', wanted);
}

class Finder implements NarHandler {
  found: Uint8Array[] = [];
  isComplete = false;
  readonly #wanted: Uint8Array;
  readonly #depth: number;

  constructor(wanted: Uint8Array) {
    this.#wanted = wanted;
    this.#depth = wanted.length === 0 ? 0 : wanted.reduce((count, byte) => count + (byte === 0x2f ? 1 : 0), 1);
  }

  directory(parser: NarParser): void {
    if (this.#isWanted(parser)) throw refused('is_directory', this.#wanted);
  }

  file(parser: NarParser): boolean {
    return this.#isWanted(parser);
  }

  contents(bytes: Uint8Array): void {
    this.found.push(bytes);
  }

  symlink(parser: NarParser): void {
    if (this.#isWanted(parser)) throw refused('symlink_refused', this.#wanted);
  }

  end(parser: NarParser): void {
    if (!this.#isWanted(parser)) return;
    this.isComplete = true;
    parser.stop();
  }

  #isWanted(parser: NarParser): boolean {
    return parser.depth === this.#depth && compareBytes(parser.path, this.#wanted) === 0;
  }
}

async function* seek(pieces: Pieces, offset: number, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  let before = offset - pieces.skip(offset);
  let left = size;
  while (left > 0) {
    const piece = await pieces.next();
    if (piece === undefined) throw new NarError('truncated_input', { offset: offset - before + size - left });
    const from = Math.min(before, piece.length);
    const wanted = piece.subarray(from, from + left);
    before -= from;
    left -= wanted.length;
    if (wanted.length > 0) yield wanted;
  }
}

function find({ root }: NarListing, wanted: Uint8Array): Extract<NarListingNode, { type: 'regular' }> {
  let node: NarListingNode | undefined = root;
  for (const name of wanted.length === 0 ? [] : nameText(wanted).split('/')) node = node?.type === 'directory' ? node.entries.get(name) : undefined;
  if (node === undefined) throw refused('not_found', wanted);
  if (node.type === 'directory') throw refused('is_directory', wanted);
  if (node.type === 'symlink') throw refused('symlink_refused', wanted);
  return node;
}

/** Without slashes at its ends. */
function normal(path: Uint8Array): Uint8Array {
  let [from, to] = [0, path.length];
  while (path[from] === 0x2f) from++;
  while (to > from && path[to - 1] === 0x2f) to--;
  return path.subarray(from, to);
}

const PROSE = {
  not_found: 'is not in the archive',
  is_directory: 'is a directory',
  symlink_refused: 'is a symbolic link, which is not followed',
} as const satisfies Partial<Record<FileCode, string>>;

function refused(code: keyof typeof PROSE, path: Uint8Array): NarError {
  const shown = displayPath(path);
  return new NarError(code, { path: shown }, { message: `'${shown}' ${PROSE[code]}` });
}
