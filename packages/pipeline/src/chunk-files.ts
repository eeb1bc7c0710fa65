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
  /** Payloads are copies: results outlive their run. All of a file's are in memory when it is given, so give large files runs of their own. */
  readonly payload?: 'none' | 'copy';
  /** Files at a time, results that wait to be pulled among them; default twice the threads. */
  readonly concurrency?: number;
  /** Called at most ten times a second, and at the end. */
  readonly onProgress?: (progress: FilesProgress) => void;
}

/** A file that is done. */
export interface ChunkedFile {
  readonly path: string | Uint8Array;
  /** Its place in the list. */
  readonly index: number;
  readonly summary: Summary;
  /** Its records, by the window. */
  readonly batches: readonly RecordBatch[];
}

/** A file that could not be done; the others go on. */
export interface FailedFile {
  readonly path: string | Uint8Array;
  readonly index: number;
  readonly error: unknown;
}

/**
 * Puts many files through a pipeline, several at a time, and gives each as it is done. A file that fails is a result as well. Algorithms are taken once; with `dedup()` a chunk that any file of the batch had before
 * is a duplicate (of files under way at the same time, either's). The list is read as files are begun, so it may be endless; a consumer that does not pull stops the batch. Rejects with the signal's
 * reason, with what the list throws, and where an algorithm cannot be had.
 */
export async function* chunkFiles<R>(
  line: Pipeline<R>,
  paths: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  settings: ChunkFilesSettings = {},
): AsyncGenerator<ChunkedFile | FailedFile> {
  const { concurrency = 2 * threads(), onProgress, signal, ...run } = settings;
  signal?.throwIfAborted();
  const batch = new FileBatch(await line.ready(), run, concurrency, signal);
  const progress = new ProgressTeller(onProgress, 'length' in paths && typeof paths.length === 'number' ? paths.length : undefined);
  try {
    batch.begin(paths);
    for (let file = await batch.next(); file !== undefined; file = await batch.next()) {
      progress.count(file);
      yield file;
      batch.taken();
    }
    progress.end();
  } finally {
    await batch.end();
  }
}

class FileBatch<R> {
  readonly #line: Pipeline<R>;
  readonly #settings: RunSettings;
  readonly #gate: Gate;
  readonly #outbox = new Outbox<ChunkedFile | FailedFile>(false);
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

  next(): Promise<ChunkedFile | FailedFile | undefined> {
    return this.#outbox.next();
  }

  /** The consumer has had a result: one more file may begin. */
  taken(): void {
    this.#gate.leave();
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
        void this.#one(path, index).then((file) => {
          deliver(file);
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
      const batches: RecordBatch[] = [];
      for await (const batch of run.batches()) batches.push(batch.keep());
      return { path, index, summary: await run.summary(), batches };
    } catch (error) {
      return { path, index, error };
    }
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
