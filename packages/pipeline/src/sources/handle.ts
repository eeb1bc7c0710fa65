import type { FileHandleLike, WindowSource } from './source.js';

/** A file handle of Node's, read by position from its beginning; it stays open. */
export class HandleSource implements WindowSource {
  readonly #handle: FileHandleLike;
  #at = 0;

  constructor(handle: FileHandleLike) {
    this.#handle = handle;
  }

  async fill(target: Uint8Array, signal: AbortSignal): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      signal.throwIfAborted();
      const { bytesRead } = await this.#handle.read(target, filled, target.length - filled, this.#at);
      if (bytesRead === 0) break;
      filled += bytesRead;
      this.#at += bytesRead;
    }
    return filled;
  }

  async close(): Promise<void> {}
}
