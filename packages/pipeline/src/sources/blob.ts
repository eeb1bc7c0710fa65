import { copyInTurns } from './memory.js';
import type { WindowSource } from './source.js';

/** A Blob, one slice per window. */
export class BlobSource implements WindowSource {
  readonly size: number;
  readonly #blob: Blob;
  #at = 0;

  constructor(blob: Blob) {
    this.#blob = blob;
    this.size = blob.size;
  }

  async fill(target: Uint8Array): Promise<number> {
    const piece = new Uint8Array(await this.#blob.slice(this.#at, this.#at + target.length).arrayBuffer());
    await copyInTurns(piece, target, 0);
    this.#at += piece.length;
    return piece.length;
  }

  async close(): Promise<void> {}
}
