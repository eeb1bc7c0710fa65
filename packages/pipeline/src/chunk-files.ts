import { unlessAborted } from '@chunker/core/runtime';
import type { Pipeline } from './builder.js';
import { Outbox } from './engine/outbox.js';
import { Gate } from './gate.js';
import type { RecordBatch } from './record.js';
import type { Summary } from './run.js';
import { type RunSettings, threads } from './settings.js';

/** Progress is told at most this often. */
const PROGRESS_INTERVAL_MS = 100;

/** How far a batch of files has come. */
export interface FilesProgress {
  /** Files that are done, the failed ones among them. */
  readonly files: number;
  readonly failed: number;
  /** Files in all, where the list is one that knows its length. */
  readonly totalFiles?: number;
  /** Bytes of files that are done. */
  readonly bytes: number;
  readonly elapsedMs: number;
}

/** How a batch of files is worked through. */
export interface ChunkFilesSettings extends Pick<RunSettings, 'signal' | 'mode' | 'windowBytes' | 'buffers' | 'queue' | 'bufferLimitBytes' | 'cooperate'> {
  /** As of a run: nothing (default), views that are valid until the next result is pulled, or copies. */
  readonly payload?: NonNullable<RunSettings['payload']>;
  /** Files at a time, those that wait to be pulled among them; default twice the threads. Each takes what a run takes with a `queue` of 2. */
  readonly concurrency?: number;
  /** Called at most ten times a second, and at the end. */
  readonly onProgress?: (progress: FilesProgress) => void;
}

/** The next records of a file, those of one window. A file's come in its order; files that are under way at the same time take turns. */
export interface FileRecords {
  readonly path: string | Uint8Array;
  /** The file's place in the list. */
  readonly index: number;
  readonly batch: RecordBatch;
}

/** A file that is done: all its records have come. */
export interface ChunkedFile {
  readonly path: string | Uint8Array;
  readonly index: number;
  readonly summary: Summary;
}

/** A file that could not be done; the others go on. Records of it may have come before. */
export interface FailedFile {
  readonly path: string | Uint8Array;
  readonly index: number;
  readonly error: unknown;
}

/**
 * Puts many files through a pipeline, several at a time. Gives their records by the window, and of each file at its end that it is done, or why not: a file that fails does not end the others. Nothing of a file is
 * kept, so files of any size and number go through the same memory; a consumer that does not pull stops the batch. Algorithms are taken once; with `dedup()` a chunk that any file of the batch had before is a duplicate (of
 * files under way at the same time, either's). The list is read as files are begun, so it may be endless. Rejects with the signal's reason, with what the list throws, and where an algorithm cannot be had.
 */
export async function* chunkFiles<R>(
  line: Pipeline<R>,
  paths: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  settings: ChunkFilesSettings = {},
): AsyncGenerator<FileRecords | ChunkedFile | FailedFile> {
  const { concurrency = 2 * threads(), onProgress, signal, ...run } = settings;
  signal?.throwIfAborted();
  const batch = new FileBatch(await line.ready(), run, concurrency, signal);
  const progress = new ProgressTeller(onProgress, 'length' in paths && typeof paths.length === 'number' ? paths.length : undefined);
  try {
    batch.begin(paths);
    for (let next = await batch.next(); next !== undefined; next = await batch.next()) {
      if (!('batch' in next.result)) progress.count(next.result);
      yield next.result;
      next.taken();
    }
    progress.end();
  } finally {
    await batch.end();
  }
}

/** A result on its way to the consumer, and whom to tell when the next one is pulled. */
interface Handed {
  readonly result: FileRecords | ChunkedFile | FailedFile;
  readonly taken: () => void;
}

class FileBatch<R> {
  readonly #line: Pipeline<R>;
  readonly #settings: RunSettings;
  readonly #gate: Gate;
  readonly #outbox = new Outbox<Handed>(false);
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #abort = () => this.#fail(this.#signal?.reason);
  #running: Promise<void> = Promise.resolve();

  constructor(line: Pipeline<R>, settings: RunSettings, concurrency: number, signal: AbortSignal | undefined) {
    this.#line = line;
    this.#gate = new Gate(concurrency);
    this.#signal = signal;
    // Two windows of each file: the files beside one another keep the threads busy.
    this.#settings = { queue: 2, ...settings, signal: this.#controller.signal };
    globalThis.process?.getBuiltinModule?.('node:events')?.setMaxListeners(0, this.#controller.signal);
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  begin(paths: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): void {
    this.#running = this.#pump(paths).catch((error: unknown) => this.#fail(error));
  }

  next(): Promise<Handed | undefined> {
    return this.#outbox.next();
  }

  /** Aborts what runs and waits for it. */
  async end(): Promise<void> {
    this.#fail(new Error('the batch has ended'));
    this.#signal?.removeEventListener('abort', this.#abort);
    await this.#running;
  }

  async #pump(paths: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): Promise<void> {
    let running = 0;
    let idle: (() => void) | undefined;
    let index = 0;
    try {
      for await (const path of paths) {
        await this.#gate.enter();
        const deliver = this.#outbox.announce();
        running += 1;
        void this.#one(path, index).then((result) => {
          // Once the consumer has had it, one more file may begin.
          deliver({ result, taken: () => this.#gate.leave() });
          running -= 1;
          if (running === 0) idle?.();
        });
        index += 1;
      }
      this.#outbox.close();
    } finally {
      if (running > 0) {
        await new Promise<void>((resolve) => {
          idle = resolve;
        });
      }
    }
  }

  async #one(path: string | Uint8Array, index: number): Promise<ChunkedFile | FailedFile> {
    try {
      const run = this.#line.run({ file: path }, this.#settings);
      for await (const batch of run.batches()) await this.#hand({ path, index, batch: batch.keep() });
      return { path, index, summary: await run.summary() };
    } catch (error) {
      return { path, index, error };
    }
  }

  /** Resolves when the consumer has done with it: until then its window stays. */
  async #hand(result: FileRecords): Promise<void> {
    const deliver = this.#outbox.announce();
    const taken = new Promise<void>((resolve) => deliver({ result, taken: resolve }));
    await unlessAborted(taken, this.#controller.signal);
  }

  #fail(error: unknown): void {
    this.#outbox.fail(error);
    this.#gate.close(error);
    if (!this.#controller.signal.aborted) this.#controller.abort(error);
  }
}

class ProgressTeller {
  readonly #tell: ((progress: FilesProgress) => void) | undefined;
  readonly #totalFiles: number | undefined;
  readonly #started = performance.now();
  #told = this.#started;
  #files = 0;
  #failed = 0;
  #bytes = 0;

  constructor(tell: ((progress: FilesProgress) => void) | undefined, totalFiles: number | undefined) {
    this.#tell = tell;
    this.#totalFiles = totalFiles;
  }

  count(file: ChunkedFile | FailedFile): void {
    this.#files += 1;
    if ('error' in file) this.#failed += 1;
    else this.#bytes += file.summary.bytes;
    if (this.#tell !== undefined && performance.now() - this.#told >= PROGRESS_INTERVAL_MS) this.end();
  }

  end(): void {
    this.#told = performance.now();
    const total = this.#totalFiles === undefined ? {} : { totalFiles: this.#totalFiles };
    this.#tell?.({ files: this.#files, failed: this.#failed, ...total, bytes: this.#bytes, elapsedMs: this.#told - this.#started });
  }
}
