import { invalidPipeline } from '../errors.js';
import type { WindowSource } from './source.js';

/** A source from a byte on: what comes before is read, shown to whoever needs it, and dropped. */
export class SkippedSource implements WindowSource {
  readonly #source: WindowSource;
  readonly #start: number;
  readonly #seen: (bytes: Uint8Array) => Promise<void>;
  #skipping: Promise<void> | undefined;

  constructor(source: WindowSource, start: number, seen: (bytes: Uint8Array) => Promise<void>) {
    this.#source = source;
    this.#start = start;
    this.#seen = seen;
  }

  get size(): number | undefined {
    const { size } = this.#source;
    return size === undefined ? undefined : Math.max(0, size - this.#start);
  }

  get ended(): boolean | undefined {
    return this.#source.ended;
  }

  get parts(): Uint32Array | undefined {
    return this.#source.parts;
  }

  async fill(target: Uint8Array, signal: AbortSignal, eager?: boolean): Promise<number> {
    this.#skipping ??= this.#skip(target, signal);
    await this.#skipping;
    return this.#source.fill(target, signal, eager);
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  /** Into the first window, which is free until then. */
  async #skip(room: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let at = 0; at < this.#start; ) {
      const target = room.subarray(0, Math.min(room.length, this.#start - at));
      const bytes = await this.#source.fill(target, signal);
      at += bytes;
      const ended = this.#source.ended ?? bytes < target.length;
      if (at < this.#start && ended) throw tooShort(at, this.#start);
      await this.#seen(target.subarray(0, bytes));
    }
  }
}

/** A file from a byte on. */
export async function openFileAt(file: string | Uint8Array, start: number, signal: AbortSignal | undefined): Promise<WindowSource> {
  const { openFileSource } = await import('@chunker/io');
  const source = await openFileSource(file, { start, signal });
  if (source.size !== 0) return source;
  // It ends there, or before.
  const whole = await openFileSource(file, { signal });
  await whole.close();
  if (whole.size === undefined || whole.size >= start) return source;
  await source.close();
  throw tooShort(whole.size, start);
}

function tooShort(bytes: number, start: number): Error {
  return invalidPipeline(`the input has ${bytes} bytes, the checkpoint is at byte ${start}`);
}
