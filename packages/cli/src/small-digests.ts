import type { Hash } from '@chunker/core';
import { ioKernel } from '@chunker/io';
import { SmallFiles } from './small-files.js';

/** Larger files are worth a call of their own. */
const MAX_FILE_BYTES = 128 * 1024;
/** What is read in one call. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Takes digests of batches of small files, read in one call and hashed in another; a batch after the other. Close it when done. */
export class SmallDigests {
  readonly #hash: Hash;
  readonly #signal: AbortSignal;
  readonly #files: SmallFiles;
  /** Windows that nobody uses. */
  readonly #spare: Uint8Array[] = [];
  readonly #slabs: { end(): void }[] = [];

  constructor(hash: Hash, signal: AbortSignal) {
    this.#hash = hash;
    this.#signal = signal;
    this.#files = new SmallFiles(MAX_FILE_BYTES, signal);
  }

  /** Where the batch of the paths from `from` on ends. */
  batchEnd(paths: readonly string[], from: number): number {
    return this.#files.batchEnd(paths, from);
  }

  /** The digest of each file that was read, and undefined for the others; `bytes` were read. Rejects only when the signal aborts or hashing fails. */
  async digest(paths: readonly string[]): Promise<{ readonly digests: readonly (Uint8Array | undefined)[]; readonly bytes: number }> {
    const window = this.#spare.pop() ?? (await this.#newWindow());
    try {
      const lengths = await this.#files.read(paths, window);
      const read = Uint32Array.from(lengths.filter((length) => length !== undefined));
      const bytes = read.reduce((sum, length) => sum + length, 0);
      if (read.length === 0) return { digests: [], bytes };
      const all = await this.#hash.hashMany({ buffer: window.subarray(0, bytes), ranges: { lengths: read } }, { signal: this.#signal });
      let next = 0;
      const digests = lengths.map((length) => {
        if (length === undefined) return undefined;
        const at = next++ * this.#hash.digestLength;
        return all.subarray(at, at + this.#hash.digestLength);
      });
      return { digests, bytes };
    } finally {
      this.#spare.push(window);
    }
  }

  async close(): Promise<void> {
    await this.#files.close();
    for (const slab of this.#slabs) slab.end();
  }

  async #newWindow(): Promise<Uint8Array> {
    const slab = (await ioKernel()).slabs.take(WINDOW_BYTES);
    this.#slabs.push(slab);
    return slab.bytes;
  }
}
