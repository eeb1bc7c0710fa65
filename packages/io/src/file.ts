import { IoError } from '@chunker/core';
import { fileError } from './errors.js';
import { type IoKernel, ioKernel, type KernelFile, type Reading, type ReadingWay, WAYS } from './kernel.js';
import { displayPath, type PathLike, pathBytes } from './names.js';
import { openFilesGate } from './open-files.js';
import { type FileFacts, factsOf } from './records.js';
import { readingFromEnvironment } from './settings.js';

interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** How a file is opened. */
export interface OpenFileOptions extends ReadOptions {
  /**
   * How the bytes come. `buffered` (default) is the fastest nearly everywhere. `mapped`: out of memory maps, copied by the system, so that a file that is cut short meanwhile is `file_changed` and not the end of the
   * process. `direct`: past the page cache (O_DIRECT), for what is larger than memory and not read again; fast where `into` and `position` are multiples of 4096. Where it cannot be had, the file is read
   * as usual, and a process warning `CHUNKER_READING` says why.
   */
  readonly reading?: ReadingWay | undefined;
}

/** A regular file that is open for reading at any position. Close it when done. */
export class OpenFile {
  /** For messages. */
  readonly path: string;
  /** The facts when it was opened. */
  readonly facts: FileFacts;
  readonly #kernel: KernelFile;
  readonly #reading: Reading;
  readonly #release: () => void;
  #running = 0;
  #idle: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(path: string, facts: FileFacts, kernel: KernelFile, reading: Reading, release: () => void) {
    this.path = path;
    this.facts = facts;
    this.#kernel = kernel;
    this.#reading = reading;
    this.#release = release;
  }

  /** The facts now. */
  async stat(): Promise<FileFacts> {
    this.#checkOpen();
    return factsOf(await this.#kernel.facts());
  }

  /**
   * Reads from `position` until `into` is full or the file ends, off the event loop; answers the bytes read. A view of a slab is read into directly, and `into` must not be
   * touched until the promise settles. Rejects with IoError, or with the signal's reason.
   */
  async read(position: number, into: Uint8Array, options: ReadOptions = {}): Promise<number> {
    this.#checkOpen();
    if (!Number.isSafeInteger(position) || position < 0) {
      throw new IoError('invalid_input', { name: 'position', value: String(position), expected: 'a safe integer from 0' });
    }
    options.signal?.throwIfAborted();
    if (into.length === 0) return 0;
    this.#running += 1;
    try {
      return await this.#kernel.read(position, into, this.#reading, options.signal);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#idle?.();
    }
  }

  /** Rejects with `file_changed` when size, time of change or identity differ from those at opening: call it after the last read. */
  async checkUnchanged(): Promise<void> {
    const now = await this.stat();
    const { size, mtimeNs, ino, dev } = this.facts;
    if (now.size === size && now.mtimeNs === mtimeNs && now.ino === ino && now.dev === dev) return;
    throw fileError('file_changed', { path: this.path });
  }

  /** Gives the descriptor back once running reads have settled. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    if (this.#running > 0) {
      await new Promise<void>((idle) => {
        this.#idle = idle;
      });
    }
    try {
      this.#warnIfRefused();
      await this.#kernel.close();
    } finally {
      this.#release();
    }
  }

  #warnIfRefused(): void {
    const refused = this.#kernel.refused();
    if (refused !== undefined) process.emitWarning(`${this.path} was read through the page cache: ${refused}`, { code: 'CHUNKER_READING' });
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new IoError('already_finished', { operation: 'read' });
  }
}

/**
 * Opens a regular file; links are followed. Waits while as many files are open as the process may have, less a reserve. Rejects with IoError: `not_found`,
 * `permission_denied`, `is_directory`, `unsupported_file_type`, `name_too_long`, `too_many_open_files`, `io_error`.
 */
export async function openFile(path: PathLike, options: OpenFileOptions & { readonly kernel?: IoKernel } = {}): Promise<OpenFile> {
  const way = options.reading ?? 'buffered';
  if (!WAYS.includes(way)) throw new IoError('invalid_input', { name: 'reading', value: String(way), expected: WAYS.join(', ') });
  const reading = readingFromEnvironment();
  const bytes = pathBytes(path);
  const shown = displayPath(bytes);
  const kernel = options.kernel ?? (await ioKernel());
  const release = await openFilesGate.enter(options.signal);
  let file: KernelFile | undefined;
  try {
    file = await kernel.openFile(bytes, way);
    const facts = factsOf(await file.facts());
    if (facts.kind === 'directory') throw fileError('is_directory', { path: shown });
    if (facts.kind !== 'regular') throw fileError('unsupported_file_type', { path: shown });
    return new OpenFile(shown, facts, file, reading, release);
  } catch (error) {
    await file?.close();
    release();
    throw error;
  }
}
