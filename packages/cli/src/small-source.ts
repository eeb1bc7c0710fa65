import { isNar } from '@chunker/nar';
import type { WindowSource } from '@chunker/pipeline';
import type { SmallFiles } from './small-files.js';

/** The small files of a list from a place on, one behind the other, as one input of a pipeline. It ends before the first path that is something else. */
export class SmallFileSource implements WindowSource {
  parts: Uint32Array = new Uint32Array(0);
  ended = false;
  /** Bytes of each file that was read. */
  readonly lengths: number[] = [];
  readonly #files: SmallFiles;
  readonly #paths: readonly string[];
  readonly #from: number;

  constructor(files: SmallFiles, paths: readonly string[], from: number) {
    this.#files = files;
    this.#paths = paths;
    this.#from = from;
  }

  async fill(target: Uint8Array): Promise<number> {
    const next = this.#from + this.lengths.length;
    if (next === this.#paths.length) return this.#end();
    const paths = this.#paths.slice(next, this.#files.batchEnd(this.#paths, next));
    const read: number[] = [];
    let bytes = 0;
    for (const length of await this.#files.read(paths, target)) {
      if (length === undefined || isNar(target.subarray(bytes, bytes + length))) break;
      read.push(length);
      bytes += length;
    }
    if (read.length === 0) return this.#end();
    this.parts = Uint32Array.from(read);
    this.lengths.push(...read);
    return bytes;
  }

  async close(): Promise<void> {}

  #end(): number {
    this.ended = true;
    this.parts = new Uint32Array(0);
    return 0;
  }
}
