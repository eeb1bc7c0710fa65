import type { FileHandleLike, FileHandleFacts, WindowSource } from './source.js';

/** What of `@chunker/io` a handle needs, which is loaded where there is one. */
interface Io {
  readonly persist: <T>(call: () => Promise<T>, signal?: AbortSignal) => Promise<T>;
  readonly fileError: (code: 'file_changed', details: { readonly path: string }) => Error;
}

/** A file handle of Node's, read by position from its beginning; it stays open. A file that is another at its end than it was at first is `file_changed`. */
export class HandleSource implements WindowSource {
  readonly #handle: FileHandleLike;
  readonly #io: Io;
  #at = 0;
  #facts: FileHandleFacts | undefined;

  constructor(handle: FileHandleLike, io: Io) {
    this.#handle = handle;
    this.#io = io;
  }

  async fill(target: Uint8Array, signal: AbortSignal): Promise<number> {
    if (this.#at === 0) this.#facts = await this.#handle.stat?.({ bigint: true });
    let filled = 0;
    while (filled < target.length) {
      signal.throwIfAborted();
      const { bytesRead } = await this.#io.persist(() => this.#handle.read(target, filled, target.length - filled, this.#at), signal);
      if (bytesRead === 0) {
        await this.#checkUnchanged();
        break;
      }
      filled += bytesRead;
      this.#at += bytesRead;
    }
    return filled;
  }

  async close(): Promise<void> {}

  async #checkUnchanged(): Promise<void> {
    const before = this.#facts;
    // What says that it is empty and is not, as proc has it, has no times that tell.
    if (before === undefined || before.size === 0n || !before.isFile()) return;
    const now = await this.#handle.stat?.({ bigint: true });
    if (now?.size !== before.size || now.mtimeNs !== before.mtimeNs) throw this.#io.fileError('file_changed', { path: `descriptor ${this.#handle.fd}` });
  }
}
