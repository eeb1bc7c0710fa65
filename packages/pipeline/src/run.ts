import { hex } from '@chunker/core/encoding';
import type { ByteStream, Enlisted, Events } from '@chunker/core';
import { type ExecutorFigures, type ExecutorMeasurement, measureExecutor } from '@chunker/core/runtime';
import { type Checkpoint, encodeDigests } from './checkpoint.js';
import { Control } from './control.js';
import type { DigestTable } from './digest-table.js';
import type { Cooperation } from './cooperation.js';
import type { Job, Progress } from './engine/job.js';
import { runParallel } from './engine/parallel.js';
import { runSequential } from './engine/sequential.js';
import { invalidPipeline, stageError } from './errors.js';
import { RunEvents } from './events.js';
import { type Manifest, ManifestRows } from './manifest.js';
import { nodeStreamOf, type Pulled, webStreamOf } from './output-streams.js';
import type { RunProgress } from './progress.js';
import { specsOf } from './open-job.js';
import { type ChunkRecord, RecordBatch } from './record.js';

/** What a finished run was. */
export interface Summary {
  readonly bytes: number;
  readonly chunks: number;
  /** With `dedup()`: chunks whose digest was new. Without, all. */
  readonly uniqueChunks: number;
  readonly uniqueBytes: number;
  /** Of the unique chunks; absent without a codec. */
  readonly compressedBytes?: number;
  readonly seconds: number;
  /** Digests of the whole input, in the order in which `digest()` named them. */
  readonly digests: readonly Uint8Array[];
  /** True when every unique chunk was decompressed and compared, and the whole added up to the same digests. */
  readonly verified?: true;
  /** CPU time of all threads of the process while it ran; where the runtime does not tell, time on the clock. */
  readonly cpuSeconds: number;
  /** CPU time by time on the clock: 2 means that two threads were busy all the time. */
  readonly efficiency: number;
  /** With the setting `figures`, where native kernels run: what the executor's threads did meanwhile. Work of others in the process counts. */
  readonly executor?: ExecutorFigures;
  /** Why the run stopped before the end of the input; then there are no digests of the whole, and `checkpoint` says where to go on. */
  readonly stopped?: 'asked' | 'cpu_time';
  readonly checkpoint?: Checkpoint;
}

/** What a run needs that its job does not know. */
export interface RunParts {
  /** Opens the source and takes the algorithms: errors of that reject the first pull. */
  readonly open: (control: Control) => Promise<Job>;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: RunProgress) => void) | undefined;
  readonly cpuTimeMs: number | undefined;
  readonly hasPayloads: boolean;
  readonly figures: boolean;
  readonly events: Events;
  readonly enlist: (work: Enlisted) => () => void;
}

/**
 * A run of a pipeline over one input. Nothing is opened before the first pull; the input is read once. Leaving a loop over it, an error or an abort release everything that it holds.
 */
export class PipelineRun implements AsyncIterable<ChunkRecord> {
  readonly #parts: RunParts;
  #job: Job | undefined;
  #started = false;
  #rows: ManifestRows | undefined;
  #summary: Summary | undefined;
  #control: Control | undefined;
  #stopAsked = false;
  /** Ends the run: for the caller's signal, and for streams that are ended before their end. */
  readonly #ender = new AbortController();

  /** @internal */
  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** Counters while it runs. */
  get progress(): Readonly<Progress> & { readonly totalBytes?: number } {
    const size = this.#job?.source.size;
    return { ...(this.#job?.progress ?? NOTHING), ...(size === undefined ? {} : { totalBytes: size + (this.#job?.start ?? 0) }) };
  }

  /** Where the run stopped before the end of its input; undefined while it runs and when it came to its end. */
  get checkpoint(): Checkpoint | undefined {
    return this.#summary?.checkpoint;
  }

  /** Asks the run to read no more: what was read goes through the stages and is delivered, then the loop over it ends, and `checkpoint` says where to go on. */
  stop(): void {
    this.#stopAsked = true;
    this.#control?.stop();
  }

  /** Records one by one. A payload view is valid until the next pull. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ChunkRecord> {
    for await (const batch of this.batches()) {
      const cooperation = this.#job?.cooperation;
      if (cooperation === undefined) yield* batch;
      else yield* slowly(batch, cooperation);
    }
  }

  /** Records by the window: columns instead of an object per chunk. */
  async *batches(): AsyncGenerator<RecordBatch> {
    if (this.#started) throw invalidPipeline('a run is read once');
    this.#started = true;
    const { signal } = this.#ender;
    const deafen = this.#follow(this.#parts.signal);
    signal.throwIfAborted();
    let job: Job | undefined;
    let events: RunEvents | undefined;
    let measurement: ExecutorMeasurement | undefined;
    const control = new Control(this.#parts.cpuTimeMs);
    this.#control = control;
    if (this.#stopAsked) control.stop();
    const leave = this.#parts.enlist(control);
    try {
      job = await this.#parts.open(control);
      this.#job = job;
      if (job.settings.manifest) this.#rows ??= new ManifestRows();
      if (job.resumed?.rows !== undefined) this.#rows?.restore(job.resumed.rows);
      events = new RunEvents(this.#parts.events, job, this.#parts.onProgress);
      job.onDone = () => events?.progress(job as Job);
      const started = performance.now();
      if (this.#parts.figures) measurement = measureExecutor();
      const engine = job.settings.sequential ? runSequential(job, signal) : runParallel(job, signal);
      for await (const { columns } of engine) {
        const batch = new RecordBatch(columns, job.chooser?.names ?? (job.codec === undefined ? [] : [job.codec.name]), job.settings.payload === 'copy');
        this.#rows?.add(batch);
        events.progress(job);
        yield batch;
      }
      this.#summary = await summarise(job, (performance.now() - started) / 1000, this.#rows, measurement?.figures());
      events.end(job);
    } catch (thrown) {
      const error = signal.aborted ? signal.reason : thrown;
      events?.error(error);
      throw error;
    } finally {
      measurement?.end();
      if (job !== undefined) await release(job);
      deafen();
      leave();
    }
  }

  /** The records as a Web stream, each read when it is asked for; payloads are copies. Cancelling it ends the run. */
  toWeb(): ReadableStream<ChunkRecord> {
    return webStreamOf(this.#pulled((record) => this.#kept(record)));
  }

  /** The records as a Node Readable in object mode; payloads are copies. Destroying it ends the run. */
  toNode(): import('node:stream').Readable {
    return nodeStreamOf(
      this.#pulled((record) => this.#kept(record)),
      true,
    );
  }

  /**
   * The payloads alone, one piece per chunk that has one. Iterated, a piece is what the setting `payload` says, so a view is valid until the next pull; as a Web or Node stream, which keep pieces for
   * a while, each is a copy. Throws `invalid_pipeline` for a run without payloads.
   */
  payloads(): ByteStream {
    if (!this.#parts.hasPayloads) throw invalidPipeline("a run without payloads has no stream of them; set { payload: 'view' }");
    const run = this;
    return {
      async *[Symbol.asyncIterator]() {
        for await (const { payload } of run) if (payload !== undefined) yield payload;
      },
      toWeb: () => webStreamOf(this.#pulled((record) => this.#kept(record).payload)),
      toNode: () =>
        nodeStreamOf(
          this.#pulled((record) => this.#kept(record).payload),
          false,
        ),
    };
  }

  /** What `of` answers of the records, without those of which it is nothing. */
  #pulled<T>(of: (record: ChunkRecord) => T | undefined): Pulled<T> {
    const records = this[Symbol.asyncIterator]();
    const next = async (): Promise<IteratorResult<T>> => {
      for (;;) {
        const { done, value } = await records.next();
        if (done === true) return { done, value: undefined };
        const item = of(value);
        if (item !== undefined) return { done: false, value: item };
      }
    };
    const end = async () => {
      this.#ender.abort(new Error('the stream was ended'));
      await records.return(undefined).catch(() => {});
    };
    return { next, end };
  }

  /** A record whose payload stays. */
  #kept(record: ChunkRecord): ChunkRecord {
    if (record.payload === undefined || this.#job?.settings.payload !== 'view') return record;
    const payload = record.payload.slice();
    return { ...record, payload, copy: () => payload.slice() };
  }

  /** Ends with `signal`, until the function returned is called. */
  #follow(signal: AbortSignal | undefined): () => void {
    if (signal === undefined) return () => {};
    const abort = () => this.#ender.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    return () => signal.removeEventListener('abort', abort);
  }

  /** Reads what is left of the input, dropping the records, and answers the figures. */
  async summary(): Promise<Summary> {
    if (!this.#started) for await (const _ of this.batches());
    if (this.#summary === undefined) throw invalidPipeline('the run has not come to its end');
    return this.#summary;
  }

  /** The manifest of the input: reads it where that has not begun; afterwards only with the setting `manifest`. */
  async manifest(): Promise<Manifest> {
    if (!this.#started) this.#rows = new ManifestRows();
    const { bytes, digests, stopped } = await this.summary();
    if (stopped !== undefined) throw invalidPipeline('the run stopped before the end of the input: resume it from its checkpoint');
    if (this.#rows === undefined) throw invalidPipeline('the run kept no rows for a manifest; set { manifest: true }');
    const job = this.#job as Job;
    const named = Object.fromEntries(job.digests.specs.map((spec: string, i: number) => [spec, hex.encode(digests[i] as Uint8Array)]));
    return this.#rows.manifest(bytes, specsOf(job), named);
  }
}

const NOTHING: Progress = { readBytes: 0, doneBytes: 0, bytes: 0, chunks: 0, uniqueChunks: 0, uniqueBytes: 0, compressedBytes: 0 };

async function summarise(job: Job, seconds: number, rows: ManifestRows | undefined, executor: ExecutorFigures | undefined): Promise<Summary> {
  const { bytes, chunks, uniqueChunks, uniqueBytes, compressedBytes } = job.progress;
  const { stopped } = job.control;
  const digests = stopped === undefined ? await job.digests.finish() : [];
  if (job.verify && stopped === undefined) await compareWhole(job, digests);
  const cpuSeconds = job.control.cpuMs / 1000;
  return {
    bytes,
    chunks,
    uniqueChunks,
    uniqueBytes,
    ...(job.codec === undefined && job.chooser === undefined ? {} : { compressedBytes }),
    seconds,
    cpuSeconds,
    efficiency: seconds === 0 ? 0 : cpuSeconds / seconds,
    ...(executor === undefined ? {} : { executor }),
    digests,
    ...(job.verify && stopped === undefined ? { verified: true as const } : {}),
    ...(stopped === undefined ? {} : { stopped, checkpoint: checkpointOf(job, rows) }),
  };
}

function checkpointOf(job: Job, rows: ManifestRows | undefined): Checkpoint {
  const { readBytes: _, doneBytes: __, ...progress } = job.progress;
  const specs = specsOf(job);
  return {
    version: 1,
    offset: progress.bytes,
    specs,
    progress,
    ...(job.ownsTable ? { digests: encodeDigests(job.dedup as DigestTable) } : {}),
    ...(rows === undefined ? {} : { rows: rows.rows(specs) }),
  };
}

async function* slowly(batch: RecordBatch, cooperation: Cooperation): AsyncGenerator<ChunkRecord> {
  for (const record of batch) {
    yield record;
    await cooperation.pass(record.length, 1);
  }
}

async function compareWhole(job: Job, digests: readonly Uint8Array[]): Promise<void> {
  const again = await job.reassembled.finish();
  const { bytes, readBytes } = job.progress;
  if (bytes === readBytes && digests.every((digest, i) => hex.encode(digest) === hex.encode(again[i] as Uint8Array))) return;
  throw stageError('verify', 0, new Error('the chunks put together again are not the input'));
}

async function release(job: Job): Promise<void> {
  job.digests.dispose();
  job.reassembled.dispose();
  job.outputs.dispose();
  job.slabs.dispose();
  job.reservation.release();
  await job.source.close();
}
