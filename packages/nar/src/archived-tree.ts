import { type ArchivePart, displayPath, ReadRequests, type Tree, type TreeArchive, type UnfinishedFile, type WalkOptions } from '@chunker/io';
import { tooDeep, unsupported } from './errors.js';
import type { Laid, Layout } from './layout.js';

/**
 * A tree on disk that its kernel archives itself: walks, reads and frames, one call for a window. Of a large file whole windows are only read, several of them at the same time.
 */
export class ArchivedTree implements Layout {
  readonly #tree: Tree;
  readonly #archive: TreeArchive;
  readonly #maxDepth: number;
  readonly #options: Pick<WalkOptions, 'onError' | 'signal'>;
  /** The file whose contents come next. */
  #file: UnfinishedFile | undefined;
  /** Bytes of it that were read here, and of which the kernel does not know yet. */
  #taken = 0;

  constructor(tree: Tree, archive: TreeArchive, maxDepth: number, options: Pick<WalkOptions, 'onError' | 'signal'>) {
    this.#tree = tree;
    this.#archive = archive;
    this.#maxDepth = maxDepth;
    this.#options = options;
  }

  async lay(window: Uint8Array): Promise<Laid> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    return this.#takeContents(window) ?? { length: await this.#fill(window), settled: Promise.resolve() };
  }

  close(): Promise<void> {
    this.#archive.close();
    return this.#tree.close();
  }

  #takeContents(window: Uint8Array): Laid | undefined {
    const { length } = window;
    const file = this.#file;
    if (file === undefined || file.size - file.offset - this.#taken < length) return undefined;
    const requests = new ReadRequests();
    requests.add(file.directory, file.listing, 0, file.offset + this.#taken, length, 0);
    this.#taken += length;
    return { length, settled: this.#tree.read(requests, window, { signal: this.#options.signal }) };
  }

  async #fill(window: Uint8Array): Promise<number> {
    let length = 0;
    for (let skip = false; ; skip = true) {
      const part = await this.#archive.fill(window.subarray(length), { taken: this.#taken, skip }, this.#options.signal);
      length += part.bytes;
      this.#taken = 0;
      this.#file = part.unfinished;
      if (part.end === 'full' || part.end === 'ended') return length;
      const error = this.#errorOf(part);
      if (part.end !== 'refused' || part.error === undefined || this.#options.onError?.(part.error) !== 'skip') throw error;
    }
  }

  #errorOf({ end, path, kind, error }: ArchivePart): Error {
    const shown = path.length === 0 ? this.#tree.path : `${this.#tree.path}/${displayPath(path)}`;
    if (end === 'too_deep') return tooDeep(path, shown, this.#maxDepth);
    if (end === 'unsupported') return unsupported(path, shown, kind);
    // What was refused or has failed always says why.
    return error as Error;
  }
}
