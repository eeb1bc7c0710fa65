import { openFileSource, type WindowSource } from '@chunker/io';
import { isWindows, type NarSource, openPieces, type Pieces } from './pieces.js';

/** An archive as windows that somebody else's memory is filled with: a file is read straight into it, pieces are copied. */
export async function openWindows(source: NarSource, signal: AbortSignal | undefined): Promise<WindowSource> {
  if (typeof source === 'string') return openFileSource(source, { signal });
  if (!(source instanceof Uint8Array)) {
    if ('file' in source) return openFileSource(source.file, { signal });
    if (isWindows(source)) return source;
  }
  return new CopiedWindows(await openPieces(source, signal));
}

class CopiedWindows implements WindowSource {
  readonly size = undefined;
  readonly #pieces: Pieces;
  #rest: Uint8Array = new Uint8Array(0);
  #turn: Promise<unknown> = Promise.resolve();

  constructor(pieces: Pieces) {
    this.#pieces = pieces;
  }

  fill(window: Uint8Array): Promise<number> {
    const filling = this.#turn.then(() => this.#fill(window));
    this.#turn = filling.catch(() => {});
    return filling;
  }

  close(): Promise<void> {
    return this.#pieces.close();
  }

  async #fill(window: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < window.length) {
      if (this.#rest.length === 0) {
        const piece = await this.#pieces.next();
        if (piece === undefined) break;
        this.#rest = piece;
      }
      const part = this.#rest.subarray(0, window.length - filled);
      window.set(part, filled);
      this.#rest = this.#rest.subarray(part.length);
      filled += part.length;
    }
    return filled;
  }
}
