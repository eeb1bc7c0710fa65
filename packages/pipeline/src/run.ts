import { hex } from '@chunker/core/encoding';
import type { Events } from '@chunker/core';
import type { Job, Progress } from './engine/job.js';
import { runParallel } from './engine/parallel.js';
import { runSequential } from './engine/sequential.js';
import { invalidPipeline, stageError } from './errors.js';
import { RunEvents } from './events.js';
import { type Manifest, ManifestRows } from './manifest.js';
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
}

/** What a run needs that its job does not know. */
export interface RunParts {
  /** Opens the source and takes the algorithms: errors of that reject the first pull. */
  readonly open: () => Promise<Job>;
  readonly signal: AbortSignal | undefined;
  readonly events: Events;
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

  /** @internal */
  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** Counters while it runs. */
  get progress(): Readonly<Progress> & { readonly totalBytes?: number } {
    const total = this.#job?.source.size;
    return { ...(this.#job?.progress ?? NOTHING), ...(total === undefined ? {} : { totalBytes: total }) };
  }

  /** Records one by one. A payload view is valid until the next pull. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ChunkRecord> {
    for await (const batch of this.batches()) yield* batch;
  }

  /** Records by the window: columns instead of an object per chunk. */
  async *batches(): AsyncGenerator<RecordBatch> {
    if (this.#started) throw invalidPipeline('a run is read once');
    this.#started = true;
    const { signal = new AbortController().signal } = this.#parts;
    signal.throwIfAborted();
    let job: Job | undefined;
    let events: RunEvents | undefined;
    try {
      job = await this.#parts.open();
      this.#job = job;
      if (job.settings.manifest) this.#rows ??= new ManifestRows();
      events = new RunEvents(this.#parts.events, job);
      const started = performance.now();
      const engine = job.settings.sequential ? runSequential(job, signal) : runParallel(job, signal);
      for await (const { columns } of engine) {
        const batch = new RecordBatch(columns, job.chooser?.names ?? (job.codec === undefined ? [] : [job.codec.name]), job.settings.payload === 'copy');
        this.#rows?.add(batch);
        events.bytes(job.progress.bytes);
        yield batch;
      }
      this.#summary = await summarise(job, (performance.now() - started) / 1000);
      events.end(job);
    } catch (thrown) {
      const error = signal.aborted ? signal.reason : thrown;
      events?.error(error);
      throw error;
    } finally {
      if (job !== undefined) await release(job);
    }
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
    const { bytes, digests } = await this.summary();
    if (this.#rows === undefined) throw invalidPipeline('the run kept no rows for a manifest; set { manifest: true }');
    const { chunker, hash, codec, chooser, digests: whole } = this.#job as Job;
    const specs = {
      ...(chunker === undefined ? {} : { chunker: chunker.spec }),
      ...(hash === undefined ? {} : { hash: hash.spec }),
      ...(codec === undefined ? {} : { codec: codec.spec }),
      ...(chooser === undefined ? {} : { codecs: [...chooser.specs] }),
    };
    const named = Object.fromEntries(whole.specs.map((spec: string, i: number) => [spec, hex.encode(digests[i] as Uint8Array)]));
    return this.#rows.manifest(bytes, specs, named);
  }
}

const NOTHING: Progress = { readBytes: 0, bytes: 0, chunks: 0, uniqueChunks: 0, uniqueBytes: 0, compressedBytes: 0 };

async function summarise(job: Job, seconds: number): Promise<Summary> {
  const { bytes, chunks, uniqueChunks, uniqueBytes, compressedBytes } = job.progress;
  const digests = await job.digests.finish();
  if (job.verify) await compareWhole(job, digests);
  return {
    bytes,
    chunks,
    uniqueChunks,
    uniqueBytes,
    ...(job.codec === undefined && job.chooser === undefined ? {} : { compressedBytes }),
    seconds,
    digests,
    ...(job.verify ? { verified: true as const } : {}),
  };
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
  await job.source.close();
}
