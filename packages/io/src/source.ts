import { IoError } from '@chunker/core';
import { fileError } from './errors.js';
import { openFile, type OpenFile, type OpenFileOptions } from './file.js';
import type { PathLike } from './names.js';

/** Bytes that are asked for, window by window. What a pipeline reads from. */
export interface WindowSource {
  /** Bytes in all, where that is known. */
  readonly size: number | undefined;
  /** Of a source that waits for others, where it can tell: whether the last `fill` was the end. */
  readonly ended?: boolean | undefined;
  /** Of a file: its byte that the next `fill` begins with. */
  readonly position?: number | undefined;
  /**
   * Puts the next bytes into `window` and answers how many; fewer than there is room only at the end, 0 behind it. The next call may be made before this one settles:
   * windows are filled at the same time, in the order of the calls. `window` must not be touched meanwhile.
   * A source that waits for others ends soon after `signal` aborts, with its reason. Where `eager` is true, one that tells `ended` answers with what there is (64 KiB at least) when nothing more comes for a moment.
   */
  fill(window: Uint8Array, signal?: AbortSignal, eager?: boolean): Promise<number>;
  /** Gives back what is held, once running calls have settled. Idempotent. */
  close(): Promise<void>;
}

/** Which part of a file is read. */
export interface FileSourceOptions extends OpenFileOptions {
  /** First byte; default 0. */
  readonly start?: number | undefined;
}

/**
 * A regular file as windows: positioned reads, several at a time. A file that changes meanwhile rejects with `file_changed`, at the latest by the call that reaches its end.
 */
export class FileSource implements WindowSource {
  readonly size: number;
  readonly #file: OpenFile;
  readonly #signal: AbortSignal | undefined;
  readonly #end: number;
  #position: number;
  #running: Promise<unknown> = Promise.resolve();

  constructor(file: OpenFile, options: FileSourceOptions = {}) {
    const start = options.start ?? 0;
    if (!Number.isSafeInteger(start) || start < 0) {
      throw new IoError('invalid_input', { name: 'start', value: String(start), expected: 'a safe integer from 0' });
    }
    this.#file = file;
    this.#signal = options.signal;
    this.#end = file.facts.size;
    this.#position = Math.min(start, this.#end);
    this.size = this.#end - this.#position;
  }

  get path(): string {
    return this.#file.path;
  }

  get position(): number {
    return this.#position;
  }

  async fill(window: Uint8Array): Promise<number> {
    const position = this.#position;
    const length = Math.min(window.length, this.#end - position);
    this.#position += length;
    const before = this.#running;
    const reading = this.#read(position, window.subarray(0, length));
    // Not what they settled with: each would hold all before it.
    this.#running = Promise.allSettled([before, reading]).then(() => {});
    await reading;
    if (position + length < this.#end) return length;
    // The last one looks once more, after all the others have read.
    await before;
    await this.#file.checkUnchanged();
    return length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(position: number, into: Uint8Array): Promise<void> {
    const read = await this.#file.read(position, into, { signal: this.#signal });
    if (read < into.length) throw fileError('file_changed', { path: this.#file.path, offset: position + read });
  }
}

/** A file that says it is empty and is not, like those of proc: read in order until it ends. */
class UnsizedFileSource implements WindowSource {
  readonly size = undefined;
  readonly #file: OpenFile;
  readonly #signal: AbortSignal | undefined;
  #position: number;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(file: OpenFile, { start = 0, signal }: FileSourceOptions) {
    this.#file = file;
    this.#signal = signal;
    this.#position = start;
  }

  fill(window: Uint8Array): Promise<number> {
    const filling = this.#turn.then(() => this.#read(window));
    this.#turn = filling.catch(() => {});
    return filling;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #read(window: Uint8Array): Promise<number> {
    const read = await this.#file.read(this.#position, window, { signal: this.#signal });
    this.#position += read;
    if (read < window.length) await this.#file.checkUnchanged();
    return read;
  }
}

/** Opens a file as a source of windows; of a file that says it is empty and is not (proc has such) the size is unknown. Rejects as `openFile` does. */
export async function openFileSource(path: PathLike, options: FileSourceOptions = {}): Promise<WindowSource> {
  const file = await openFile(path, options);
  try {
    const source = new FileSource(file, options);
    const isUnsized = file.facts.size === 0 && (await file.read(0, new Uint8Array(1), options)) > 0;
    return isUnsized ? new UnsizedFileSource(file, options) : source;
  } catch (error) {
    await file.close();
    throw error;
  }
}
