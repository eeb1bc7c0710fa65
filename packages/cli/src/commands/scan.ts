import { type Chunker, type Codec, type Hash, isChunkerError } from '@chunker/core';
import { hex } from '@chunker/core/encoding';
import { measureExecutor } from '@chunker/core/runtime';
import { isNar, packNar } from '@chunker/nar';
import { type ChunkRecord, DigestTable, type Pipeline, type PipelineInput, type PipelineRun, pipeline, type RecordBatch } from '@chunker/pipeline';
import { openRegistry, takeChunker, takeCodec, takeHash } from '../algorithms.js';
import type { Context } from '../context.js';
import { encodeDigest } from '../digests.js';
import { expectedBytes } from '../expected-bytes.js';
import { ClosedPipe, usageError, withoutStage } from '../failure.js';
import { inputFor } from '../files.js';
import { type InputKind, kindOf } from '../inputs.js';
import { bytesOf, printable } from '../names.js';
import { measured } from '../sizes.js';
import { FEW, SmallFiles } from '../small-files.js';
import { SmallFileSource } from '../small-source.js';
import { printReport, type ScanReport, type ScannedPath } from './scan-report.js';

export interface ScanOptions {
  readonly chunker: string;
  readonly hash: string;
  readonly codec: string;
  readonly each?: boolean;
  readonly verify?: boolean;
  readonly exclude?: readonly string[];
  readonly oneFileSystem?: boolean;
  readonly skipUnreadable?: boolean;
}

/** What all paths of a scan share. */
interface Scan {
  readonly context: Context;
  readonly options: ScanOptions;
  line: Pipeline;
  /** The same with a table of digests that holds nothing. After a run that failed on its way: the table knows chunks that were never compressed, and a file with one of those would pass for a repeat. */
  readonly anew: () => Pipeline;
  /** Of archives; loaded when the first one comes. */
  readonly narHash: () => Promise<Hash>;
  readonly hash: Hash;
  readonly totals: { bytes: number; chunks: number; uniqueChunks: number; uniqueBytes: number; compressedBytes: number };
  run: PipelineRun | undefined;
}

/** A larger file is worth a run of its own. */
const MAX_SMALL_BYTES = 512 * 1024;

/** `chunker scan`: cut, hash and compress all paths in one pipeline, and say what deduplication and compression give over them together. */
export async function scan(context: Context, operands: readonly string[], options: ScanOptions): Promise<void> {
  if (operands.filter((path) => path === '-').length > 1) throw usageError('standard input can be read once');
  if (options.exclude?.some((glob) => /^\/?$/.test(glob))) throw usageError('--exclude needs a glob');
  const { registry } = await openRegistry(context, {
    specs: { chunker: [options.chunker], hash: [options.hash, 'sha256'], codec: options.codec === 'none' ? [] : [options.codec] },
  });
  const chunker = await takeChunker(registry, options.chunker);
  const hash = await takeHash(registry, options.hash);
  const codec = options.codec === 'none' ? undefined : await takeCodec(registry, options.codec);
  const anew = () => stages(pipeline(registry), chunker, hash, codec, options.verify ?? false);
  const totals = { bytes: 0, chunks: 0, uniqueChunks: 0, uniqueBytes: 0, compressedBytes: 0 };
  const state: Scan = { context, options, line: anew(), anew, narHash: () => takeHash(registry, 'sha256'), hash, totals, run: undefined };
  const started = performance.now();
  const measurement = measureExecutor();
  const paths = await scanAll(state, operands).finally(() => measurement?.end());
  const report: ScanReport = {
    paths,
    ...totals,
    ...measured({ seconds: (performance.now() - started) / 1000 }),
    ...(measurement === undefined ? {} : { executor: measured(measurement.figures()) }),
    ...(options.verify === true && context.failed === 0 ? { verified: true } : {}),
  };
  await context.hideProgress();
  if (context.json || options.each === true) await context.document(report);
  else await printReport(context, report, { chunker: chunker.spec, hash: hash.spec, codec: codec?.spec });
}

function stages(start: Pipeline, chunker: Chunker, hash: Hash, codec: Codec | undefined, verify: boolean): Pipeline {
  const cut = start.chunk(chunker).hash(hash).dedup(new DigestTable(hash.digestLength));
  const compressed = codec === undefined ? cut : cut.compress(codec);
  return verify ? compressed.verify() : compressed;
}

async function scanAll(scan: Scan, operands: readonly string[]): Promise<ScannedPath[]> {
  const { context, totals, options } = scan;
  const scanned: ScannedPath[] = [];
  const expected = expectedBytes(context, operands, { exclude: options.exclude, oneFileSystem: options.oneFileSystem });
  let now = operands[0] as string;
  context.showProgress(() => {
    const { doneBytes = 0, readBytes = 0 } = scan.run?.progress ?? {};
    return { label: `scan ${printable(now)}`, bytes: totals.bytes + doneBytes, readBytes: totals.bytes + readBytes, totalBytes: expected.bytes };
  });
  const one = async (path: string) => {
    now = path;
    try {
      scanned.push(await scanPath(scan, path));
    } catch (error) {
      const cause = withoutStage(error);
      if (scan.run !== undefined && scan.run.progress.readBytes > scan.run.progress.bytes) scan.line = scan.anew();
      if (options.skipUnreadable === true && isChunkerError(cause, 'permission_denied')) await context.remark(`left out: ${cause.message}`);
      else if (operands.length === 1) throw cause;
      else await context.partly(cause);
    }
    // What was read of a path that failed counts in the sums: its chunks are in the table by which later ones are told to be repeats.
    if (scan.run !== undefined) addTotals(totals, scan.run.progress, options.codec !== 'none');
    scan.run = undefined;
  };
  const files = operands.length < FEW ? undefined : new SmallFiles(MAX_SMALL_BYTES, context.signal);
  const first = new Uint8Array(MAX_SMALL_BYTES);
  try {
    for (let next = 0; next < operands.length; ) {
      if (files !== undefined && (await beginsSmall(files, operands, next, first))) {
        const { rows, failed } = await scanSmall(scan, files, operands, next, (path) => {
          now = path;
        });
        scanned.push(...rows);
        next += rows.length;
        for (const end = next + failed; next < end; next++) await one(operands[next] as string);
      } else await one(operands[next++] as string);
    }
  } finally {
    await files?.close();
  }
  return scanned;
}

/**
 * The small files from a place on in one run, which costs as much as one of them alone. Where it fails, which one was the cause and what else there is to say is left to runs of their own: `failed` are those that were read
 * and have no row.
 */
async function scanSmall(scan: Scan, files: SmallFiles, operands: readonly string[], from: number, begin: (path: string) => void) {
  const { context, options, totals } = scan;
  const source = new SmallFileSource(files, operands, from);
  const rows: ScannedPath[] = [];
  const counted = { bytes: 0, chunks: 0, uniqueChunks: 0, uniqueBytes: 0, compressedBytes: 0 };
  const line = options.verify === true ? scan.line.digest(scan.hash) : scan.line;
  scan.run = line.run(source, { signal: context.signal });
  const row = (path: string, chunks: number) => rows.push({ path, kind: 'file', bytes: source.lengths[rows.length] as number, chunks });
  try {
    for await (const batch of scan.run.batches()) {
      const records = options.each === true ? [...batch] : [];
      let text = '';
      for (let at = 0; at < batch.length; ) {
        const path = operands[from + rows.length] as string;
        begin(path);
        const start = at;
        for (let left = source.lengths[rows.length] as number; left > 0; at++) left -= batch.lengths[at] as number;
        text += eachLines(path, records.slice(start, at), records[start]?.offset);
        row(path, at - start);
      }
      countBatch(counted, batch);
      await context.write(text);
    }
    // Empty ones behind the last chunk.
    while (rows.length < source.lengths.length) row(operands[from + rows.length] as string, 0);
    return { rows, failed: 0 };
  } catch (error) {
    if (context.signal.aborted || error instanceof ClosedPipe) throw error;
    scan.line = scan.anew();
    return { rows, failed: source.lengths.length - rows.length };
  } finally {
    scan.run = undefined;
    addTotals(totals, counted, options.codec !== 'none');
  }
}

/** True where a run over this path and those that follow has at least one of them. Looked at beforehand: a run that reads nothing costs as much as one over a file. */
async function beginsSmall(files: SmallFiles, operands: readonly string[], from: number, window: Uint8Array): Promise<boolean> {
  const [length] = await files.read(operands.slice(from, from + 1), window);
  return length !== undefined && !isNar(window.subarray(0, length));
}

async function scanPath(scan: Scan, path: string): Promise<ScannedPath> {
  const { context, options } = scan;
  const kind = await kindOf(path, context.signal);
  const isArchive = kind === 'directory' || kind === 'nar';
  const line = isArchive ? scan.line.digest(await scan.narHash()) : options.verify === true ? scan.line.digest(scan.hash) : scan.line;
  const run = line.run(await inputOf(scan, path, kind), { signal: context.signal });
  scan.run = run;
  for await (const batch of run.batches()) if (options.each === true) await context.write(eachLines(path, batch));
  const summary = await run.summary();
  const narHash = isArchive ? { narHash: encodeDigest(summary.digests[0] as Uint8Array, 'sri', 'sha256') } : {};
  return { path, kind, bytes: summary.bytes, ...narHash, chunks: summary.chunks };
}

async function inputOf(scan: Scan, path: string, kind: InputKind): Promise<PipelineInput> {
  if (kind !== 'directory') return inputFor(path);
  const { exclude, oneFileSystem, skipUnreadable } = scan.options;
  const { context } = scan;
  const leaveOut = (error: Error) => {
    if (!isChunkerError(error, 'permission_denied')) return undefined;
    void context.remark(`left out: ${error.message}`);
    return 'skip' as const;
  };
  return packNar(bytesOf(path), { signal: context.signal, exclude, oneFileSystem, ...(skipUnreadable === true ? { onError: leaveOut } : {}) });
}

function addTotals(totals: Scan['totals'], progress: Scan['totals'], compressed: boolean): void {
  totals.bytes += progress.bytes;
  totals.chunks += progress.chunks;
  totals.uniqueChunks += progress.uniqueChunks;
  totals.uniqueBytes += progress.uniqueBytes;
  totals.compressedBytes += compressed ? progress.compressedBytes : progress.uniqueBytes;
}

function countBatch(counted: Scan['totals'], { lengths, duplicates, compressedLengths }: RecordBatch): void {
  counted.chunks += lengths.length;
  for (const [i, length] of lengths.entries()) {
    counted.bytes += length;
    if (duplicates?.[i] === 1) continue;
    counted.uniqueChunks += 1;
    counted.uniqueBytes += length;
    counted.compressedBytes += compressedLengths?.[i] ?? 0;
  }
}

/** A line for each record; offsets count from `start`. */
function eachLines(path: string, records: Iterable<ChunkRecord>, start = 0): string {
  const name = JSON.stringify(path);
  let text = '';
  for (const { offset, length, hash, duplicate, compressedLength } of records) {
    const rest = duplicate === true ? ',"duplicate":true' : compressedLength === undefined ? '' : `,"compressedLength":${compressedLength}`;
    text += `{"path":${name},"offset":${offset - start},"length":${length},"hash":"${hex.encode(hash as Uint8Array)}"${rest}}\n`;
  }
  return text;
}
