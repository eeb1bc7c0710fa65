import type { Chunker, Codec, Hash, Memory } from '@chunker/core';
import { preallocate, windowSizer } from '@chunker/io/buffers';
import { checkCheckpoint, restoreDigests } from './checkpoint.js';
import type { Control } from './control.js';
import { Cooperation } from './cooperation.js';
import { DigestTable } from './digest-table.js';
import type { Job } from './engine/job.js';
import { WholeDigests } from './engine/whole-digests.js';
import { invalidPipeline, stageError } from './errors.js';
import { OutputArena } from './output-arena.js';
import { fitTo, type ResolvedSettings, type RunSettings, resolveSettings, threads } from './settings.js';
import { Slabs } from './slabs.js';
import { isFile, openSource } from './sources/open.js';
import { openFileAt, SkippedSource } from './sources/skipped.js';
import type { PipelineInput, WindowSource } from './sources/source.js';
import type { Chooser } from './strategy/chooser.js';
import { onlyRung } from './strategy/rungs.js';

/** What a pipeline consists of; the algorithms are taken when a run begins. */
export interface Stages {
  readonly chunker?: () => Promise<Chunker>;
  readonly hash?: () => Promise<Hash>;
  readonly codec?: (() => Promise<Codec>) | undefined;
  readonly chooser?: ((signal: AbortSignal) => Promise<Chooser>) | undefined;
  readonly dedup?: DigestTable | 'own';
  readonly verify?: boolean;
  readonly digests: readonly (() => Promise<Hash>)[];
}

/** Takes the algorithms, sets memory aside and opens the source: what a run works with. Rejects with what any of that throws, everything given back. */
export async function openJob(memory: Memory, stages: Stages, input: PipelineInput, settings: RunSettings, control: Control): Promise<Job> {
  const undo: (() => void | Promise<void>)[] = [];
  const kept = <T extends { dispose(): void }>(one: T): T => {
    undo.push(() => one.dispose());
    return one;
  };
  try {
    const signal = settings.signal ?? new AbortController().signal;
    const [chunker, hash, codec, chooser] = await Promise.all([stages.chunker?.(), stages.hash?.(), stages.codec?.(), stages.chooser?.(signal)]);
    const whole = await Promise.all(stages.digests.map((one) => one()));
    const verify = stages.verify ?? false;
    const dedup = tableFor(stages.dedup, hash);
    const copies = codec === undefined && chooser === undefined ? 0 : 1;
    const wanted = resolveSettings(settings, chunker?.reach ?? 0, copies, memory.report().softLimitBytes);
    const { resume } = settings;
    const checkpoint = resume === undefined ? undefined : checkCheckpoint(resume, specsOf({ chunker, hash, codec, chooser }));
    if (checkpoint !== undefined && stages.dedup === 'own') restoreDigests(dedup as DigestTable, checkpoint);
    const cooperation = settings.cooperate === undefined ? undefined : new Cooperation(settings.cooperate);
    const digests = kept(new WholeDigests(whole, settings.signal));
    const reassembled = kept(new WholeDigests(verify ? whole : [], settings.signal));
    const start = checkpoint?.offset ?? 0;
    const source = await opened(input, start, [digests, reassembled], settings.signal);
    undo.push(() => source.close());
    // Without a chunker windows are the pieces, all of one length.
    const position = chunker === undefined ? 0 : start;
    const resolved = fitTo(source.size, position, wanted);
    const reservation = await memory.reserve(estimate(resolved, codec, chunker?.maxSize ?? resolved.windowBytes, verify), {
      signal: settings.signal,
      operation: 'run',
    });
    undo.push(() => reservation.release());
    if (chooser !== undefined) chooser.reservation = reservation;
    const slabs = kept(new Slabs(resolved.payload === 'none'));
    if (resolved.buffers.strategy === 'preallocated') await preallocate(resolved.windows, () => slabs.take(resolved.headBytes + resolved.windowBytes));
    const outputs = new OutputArena(
      slabs,
      largestResult(codec, Math.min(chunker?.maxSize ?? Number.POSITIVE_INFINITY, resolved.headBytes + resolved.windowBytes)),
    );
    const progress = { ...(checkpoint?.progress ?? NOTHING), readBytes: start, doneBytes: start };
    const rung = codec === undefined ? undefined : onlyRung(codec);
    const algorithms = { chunker, hash, codec, rung, chooser, dedup, verify, ownsTable: stages.dedup === 'own' };
    return {
      ...algorithms,
      source,
      digests,
      reassembled,
      settings: resolved,
      sizer: windowSizer(resolved.buffers, chunker?.minSize, position),
      slabs,
      outputs,
      progress,
      reservation,
      control,
      cooperation,
      start,
      resumed: checkpoint,
      onDone: () => {},
    };
  } catch (error) {
    for (const one of undo.reverse()) await one();
    throw error;
  }
}

const NOTHING = { bytes: 0, chunks: 0, uniqueChunks: 0, uniqueBytes: 0, compressedBytes: 0 };

/** The specs of what a run uses. */
export function specsOf({ chunker, hash, codec, chooser }: Pick<Job, 'chunker' | 'hash' | 'codec' | 'chooser'>) {
  return {
    ...(chunker === undefined ? {} : { chunker: chunker.spec }),
    ...(hash === undefined ? {} : { hash: hash.spec }),
    ...(codec === undefined ? {} : { codec: codec.spec }),
    ...(chooser === undefined ? {} : { codecs: [...chooser.specs] }),
  };
}

/** Windows and outputs, and what the codec works with on each thread. */
function estimate(settings: ResolvedSettings, codec: Codec | undefined, maxSize: number, verify: boolean): number {
  const chunkBytes = Math.min(maxSize, settings.headBytes + settings.windowBytes);
  const working = codec === undefined ? 0 : codec.memory('compress', chunkBytes) + (verify ? codec.memory('decompress', chunkBytes) : 0);
  return settings.bufferBytes + working * (settings.sequential ? 1 : threads());
}

function largestResult(codec: Codec | undefined, chunkBytes: number): number {
  const bound = codec?.compressBound(chunkBytes) ?? 0;
  // A codec that knows no bound gets no room from us.
  return Number.isSafeInteger(bound) && bound <= 2 * chunkBytes ? bound : 0;
}

async function opened(input: PipelineInput, start: number, digests: readonly WholeDigests[], signal: AbortSignal | undefined): Promise<WindowSource> {
  try {
    if (start === 0) return await openSource(input, signal);
    // Digests of the whole input need the bytes before the checkpoint again; else a file is read from there on.
    if (isFile(input) && digests.every(({ isEmpty }) => isEmpty)) return await openFileAt(input.file, start, signal);
    return new SkippedSource(await openSource(input, signal), start, async (bytes) => {
      for (const one of digests) await one.update(bytes);
    });
  } catch (error) {
    throw stageError('read', 0, error);
  }
}

function tableFor(dedup: Stages['dedup'], hash: Hash | undefined): DigestTable | undefined {
  if (dedup === undefined) return undefined;
  if (hash === undefined) throw invalidPipeline('dedup() needs a hash stage');
  const table = dedup === 'own' ? new DigestTable(hash.digestLength) : dedup;
  if (table.digestLength !== hash.digestLength)
    throw invalidPipeline(`the table holds digests of ${table.digestLength} bytes, ${hash.name} gives ${hash.digestLength}`);
  return table;
}
