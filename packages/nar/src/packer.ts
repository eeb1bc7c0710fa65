import { NarError } from '@chunker/core';
import type { WindowSource } from '@chunker/io';
import type { Laid, Layout } from './layout.js';

/** An archive, window by window. */
export class NarPacker implements WindowSource {
  readonly size = undefined;
  readonly #layout: Layout;
  #position = 0;
  #turn: Promise<void> = Promise.resolve();
  readonly #running = new Set<Promise<unknown>>();
  #failure: { readonly error: unknown } | undefined;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Bytes of the archive up to the end of the last window that was laid. */
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
    await this.#layout.close();
  }

  async #fill(window: Uint8Array): Promise<number> {
    const turn = this.#turn;
    let pass = () => {};
    this.#turn = new Promise((resolve) => {
      pass = resolve;
    });
    try {
      await turn;
      const { length, settled } = await this.#lay(window).finally(pass);
      await settled;
      return length;
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  async #lay(window: Uint8Array): Promise<Laid> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const laid = await this.#layout.lay(window);
    this.#position += laid.length;
    return laid;
  }
}
