import { ChunkerError } from '@chunker/core';
import { BLOCK_BYTES, type BufferStrategy, inBlocks, type ResolvedBuffers, resolveBuffers } from '@chunker/io/buffers';
import type { Checkpoint } from './checkpoint.js';
import type { CooperationSettings } from './cooperation.js';
import { invalidPipeline } from './errors.js';
import type { RunProgress } from './progress.js';

const MIB = 1024 * 1024;

/** How a pipeline runs. None of it changes the records. */
export interface RunSettings {
  /** Ends the run; it rejects with `signal.reason` itself. */
  readonly signal?: AbortSignal;
  /** `sequential` does one thing at a time, in the order of the stages; for comparison, and where only one thing may run. */
  readonly mode?: 'parallel' | 'sequential';
  /** Batches of records as they are done instead of in the order of the input. */
  readonly unordered?: boolean;
  /**
   * What `payload` of a record is: nothing (default); a view of the compressed bytes, or without a codec of the input's, valid until the next record is pulled and right
   * or empty afterwards, never wrong; or a copy.
   */
  readonly payload?: 'none' | 'view' | 'copy';
  /** Bytes read at a time, 64 KiB to 64 MiB; default 4 MiB, and half the chunker's reach where that is more. With a chunker rounded up to blocks of 4 KiB. */
  readonly windowBytes?: number;
  /** How memory for reading is laid out: `fixed` (default), `adaptive` or `preallocated`. Adaptive windows need a chunker: without one windows are the pieces. */
  readonly buffers?: BufferStrategy;
  /** Windows between reading and delivery, at least 2; default one more than threads, at least 3. Chunks being compressed are twice the threads, or as many as this. */
  readonly queue?: number;
  /** The most that windows and outputs take together; default `CHUNKER_ASYNC_BUFFER_LIMIT_BYTES`, else 256 MiB. */
  readonly bufferLimitBytes?: number;
  /** Told how far the run is, ten times a second at most, and once at its end. What it throws ends the run. */
  readonly onProgress?: (progress: RunProgress) => void;
  /** Measure what the executor's threads do: `executor` of the summary. */
  readonly figures?: boolean;
  /** Keep a row per chunk for `manifest()`, about 40 bytes each. */
  readonly manifest?: boolean;
  /**
   * CPU time after which the run stops: at a chunk boundary, with what is done and a checkpoint. It is the time of all threads of the process since the run began, so other work beside it counts; where a runtime does
   * not tell, time on the clock. What was read by then is finished: at most the windows in flight.
   */
  readonly cpuTimeMs?: number;
  /** The checkpoint of a run over the same input that stopped: goes on behind it. */
  readonly resume?: Checkpoint;
  /** Gives the event loop a turn each so many bytes, chunks or microseconds of work on the calling thread. Default: only where a turn would last milliseconds. */
  readonly cooperate?: CooperationSettings;
}

export interface ResolvedSettings {
  readonly sequential: boolean;
  readonly unordered: boolean;
  readonly payload: 'none' | 'view' | 'copy';
  /** Of the largest window. */
  readonly windowBytes: number;
  readonly buffers: ResolvedBuffers;
  /** Room before each window for the tail of the one before. */
  readonly headBytes: number;
  readonly windows: number;
  readonly jobs: number;
  /** What windows and outputs take together. */
  readonly bufferBytes: number;
  readonly manifest: boolean;
}

/**
 * A window's slab has room for the chunker's reach (4 MiB by default) before it, so a larger window costs memory in every slab, while a smaller one means more turns of the event loop, and more bytes of tails
 * that are copied and cut again: at 4 MiB a sixth of the bytes with chunks of 1 MiB on average.
 */
const WINDOW_BYTES = 4 * MIB;
/** The executor starts no more, whatever it is asked for. */
const MAX_THREADS = 512;
const DEFAULT_BUFFER_LIMIT = 256 * MIB;

/**
 * Checks the settings and fills them in. `reach` is the chunker's, 0 without one; `copies` how many outputs of a window's size stand beside it; above `softBytes` there are as few windows as can be.
 */
export function resolveSettings(settings: RunSettings, reach: number, copies: number, softBytes = Number.POSITIVE_INFINITY): ResolvedSettings {
  const limit = integer('bufferLimitBytes', settings.bufferLimitBytes ?? limitOfEnvironment(), 1, Number.MAX_SAFE_INTEGER);
  const headBytes = inBlocks(reach);
  const asked = integer('windowBytes', settings.windowBytes ?? Math.max(WINDOW_BYTES, headBytes / 2), 64 * 1024, 64 * MIB);
  const buffers = resolveBuffers(settings.buffers, reach === 0 ? asked : inBlocks(asked));
  if (buffers.strategy === 'adaptive' && reach === 0) throw invalidPipeline('adaptive buffers need a chunker: without one windows are the pieces');
  const windowBytes = buffers.max;
  const sequential = settings.mode === 'sequential';
  const each = (headBytes + windowBytes) * (1 + copies);
  const wanted = sequential ? 2 : integer('queue', settings.queue ?? Math.max(3, threads() + 1), 2, 1024);
  const windows = Math.min(wanted, Math.max(2, Math.floor(Math.min(limit, softBytes) / each)));
  if (windows * each > limit) throw new ChunkerError('buffer_limit_exceeded', { attempted: windows * each, limit });
  return {
    sequential,
    unordered: settings.unordered ?? false,
    payload: settings.payload ?? 'none',
    windowBytes,
    buffers,
    headBytes,
    windows,
    jobs: Math.max(wanted, 2 * threads()),
    bufferBytes: windows * each,
    manifest: settings.manifest ?? false,
  };
}

/**
 * For an input of known size that fits into one window: a window of its size, and no room for the tail of one before unless windows begin smaller. `position`: where in its file the input begins; the first window ends with a block
 * of the file (`windowSizer`).
 */
export function fitTo(size: number | undefined, position: number, settings: ResolvedSettings): ResolvedSettings {
  // One byte more than there is: a short answer says that this was all.
  const bytes = (position % BLOCK_BYTES) + (size ?? Number.POSITIVE_INFINITY) + 1;
  if (bytes > settings.windowBytes) return settings;
  const windowBytes = inBlocks(bytes);
  const headBytes = settings.buffers.strategy === 'adaptive' ? Math.min(settings.headBytes, windowBytes) : 0;
  const each = settings.bufferBytes / settings.windows / (settings.headBytes + settings.windowBytes);
  const buffers = { ...settings.buffers, min: Math.min(settings.buffers.min, windowBytes), max: windowBytes };
  return { ...settings, windowBytes, buffers, headBytes, windows: 2, bufferBytes: 2 * each * (headBytes + windowBytes) };
}

/** CPUs that the process may use, as far as the runtime tells. */
export function threads(): number {
  const asked = Number(environment('CHUNKER_THREADS') ?? environment('RAYON_NUM_THREADS'));
  if (Number.isSafeInteger(asked) && asked > 0) return Math.min(asked, MAX_THREADS);
  return globalThis.navigator?.hardwareConcurrency ?? 2;
}

function limitOfEnvironment(): number {
  const text = environment('CHUNKER_ASYNC_BUFFER_LIMIT_BYTES');
  return text === undefined ? DEFAULT_BUFFER_LIMIT : integer('CHUNKER_ASYNC_BUFFER_LIMIT_BYTES', Number(text), 1, Number.MAX_SAFE_INTEGER);
}

function environment(name: string): string | undefined {
  return globalThis.process?.env?.[name] || undefined;
}

function integer(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new ChunkerError('invalid_input', { name, value: String(value), expected: `an integer from ${least} to ${most}` });
}
