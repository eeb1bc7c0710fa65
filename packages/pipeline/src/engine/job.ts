import type { Chunker, Codec, Hash, Reservation } from '@chunker/core';
import type { WindowSizer } from '@chunker/io/buffers';
import type { Checkpoint } from '../checkpoint.js';
import type { Control } from '../control.js';
import type { Cooperation } from '../cooperation.js';
import type { DigestTable } from '../digest-table.js';
import type { Rung, Rungs } from '../strategy/rungs.js';
import type { Chooser } from '../strategy/chooser.js';
import type { OutputArena, OutputSpace } from '../output-arena.js';
import type { BatchColumns } from '../record.js';
import type { ResolvedSettings } from '../settings.js';
import type { Slabs } from '../slabs.js';
import type { WindowSource } from '../sources/source.js';
import type { Window } from '../window.js';
import type { WholeDigests } from './whole-digests.js';

/** Counters of a run, growing while it runs. */
export interface Progress {
  /** Bytes that were read. */
  readBytes: number;
  /** Bytes of chunks that came to the end of their last stage, delivered or not: grows with each chunk, where `bytes` grows by windows. */
  doneBytes: number;
  /** Bytes of chunks whose whole window went through all stages: what the other counters are of. */
  bytes: number;
  chunks: number;
  uniqueChunks: number;
  uniqueBytes: number;
  compressedBytes: number;
}

/** All that one run works with. */
export interface Job {
  readonly source: WindowSource;
  readonly chunker: Chunker | undefined;
  readonly hash: Hash | undefined;
  readonly codec: Codec | undefined;
  /** The same as the engine uses it. */
  readonly rung: Rung | undefined;
  /** Chooses the codec of each chunk, instead of `codec`. */
  readonly chooser: Chooser | undefined;
  readonly dedup: DigestTable | undefined;
  readonly verify: boolean;
  /** Digests of the whole input, in the order asked for. */
  readonly digests: WholeDigests;
  /** The same of the bytes that verification put together again. */
  readonly reassembled: WholeDigests;
  readonly settings: ResolvedSettings;
  readonly sizer: WindowSizer;
  readonly slabs: Slabs;
  readonly outputs: OutputArena;
  readonly progress: Progress;
  /** What the run holds of the memory budget: its calls take nothing more. */
  readonly reservation: Reservation;
  readonly control: Control;
  readonly cooperation: Cooperation | undefined;
  /** First byte of the input that this run reads: behind the checkpoint that it resumes from. */
  readonly start: number;
  /** The checkpoint that it resumes from. */
  readonly resumed: Checkpoint | undefined;
  /** The table of digests is this run's own. */
  readonly ownsTable: boolean;
  /** Called when chunks came to the end of their last stage. What it throws ends the run. */
  onDone: () => void;
}

/** A window's chunks on their way through the stages. */
export class BatchWork {
  readonly window: Window;
  readonly columns: BatchColumns;
  /** The bytes of all chunks. */
  readonly data: Uint8Array;
  /** With a strategy: who compresses each chunk; nobody those that are stored. */
  readonly rungs: (Rungs | undefined)[] = [];
  /** Bytes that are counted as done. */
  doneBytes = 0;
  readonly #spaces: OutputSpace[] = [];
  #released = false;

  constructor(window: Window, lengths: Uint32Array, bytes: number) {
    window.hold();
    this.window = window;
    this.data = window.data.subarray(0, bytes);
    this.columns = { start: window.start, lengths };
  }

  /** The bytes of each chunk. */
  chunks(): Uint8Array[] {
    const views: Uint8Array[] = [];
    let at = 0;
    for (const length of this.columns.lengths) {
      views.push(this.data.subarray(at, at + length));
      at += length;
    }
    return views;
  }

  /** Chunk `i` stands for itself: its bytes are `data`. */
  store(i: number, data: Uint8Array): void {
    const { codecs, compressedLengths, payloads } = this.columns;
    if (codecs !== undefined) codecs[i] = 0;
    if (compressedLengths !== undefined) compressedLengths[i] = data.length;
    if (payloads !== undefined) payloads[i] = data;
  }

  /** Keeps `space` until the batch was delivered. */
  keep(space: OutputSpace): void {
    this.#spaces.push(space);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const space of this.#spaces) space.release();
    this.window.release();
  }
}
