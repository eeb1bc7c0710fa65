// Trees as archives, by a kernel that walks, reads and frames on its own; native/kernels/io/src/archive is the other side.
import type { IoError } from '@chunker/core';
import { faultError } from './errors.js';
import type { KernelArchive, Reading } from './kernel.js';
import { displayPath, joinPath } from './names.js';
import { AT, type FileKind, KINDS, type Listing, RECORD_WORDS, wide } from './records.js';
import type { Directory } from './requests.js';

/** A file whose contents go on behind a window: whole windows of it may be read by `Tree.read`, which `taken` of the next `fill` must say. */
export interface UnfinishedFile {
  readonly directory: Directory;
  /** Its record, the only one. */
  readonly listing: Listing;
  readonly size: number;
  /** Bytes that are in windows already. */
  readonly offset: number;
}

/** What a window of an archive got. */
export interface ArchivePart {
  /** Bytes of the window that are the archive's. */
  readonly bytes: number;
  /**
   * `full`: there may be more; `ended`; `refused`: by the system, and it may be left out; `failed`, `unsupported` (no file, directory or link) and `too_deep` end the archive.
   */
  readonly end: 'full' | 'ended' | 'refused' | 'failed' | 'unsupported' | 'too_deep';
  /** From the root: the entry that it stopped at. */
  readonly path: Uint8Array;
  readonly kind: FileKind;
  readonly unfinished?: UnfinishedFile;
  readonly error?: IoError;
}

/** What the caller did since the last window. */
export interface ArchiveResume {
  /** Bytes of the unfinished file that it read itself. */
  readonly taken: number;
  /** The entry that was refused is left out. */
  readonly skip: boolean;
}

const ENDS = ['full', 'ended', 'refused', 'failed', 'unsupported', 'too_deep'] as const;
/** Words of an answer before its record, and where in them the facts stand. */
const HEAD_WORDS = 8;
const HEAD = { end: 0, bytes: 1, value: 2, offset: 3, pathLength: 5, nameLength: 6, hasFile: 7 } as const;

/** Bytes of the window that an answer says are the archive's. */
export function partBytes(answer: Uint8Array): number {
  return new DataView(answer.buffer, answer.byteOffset).getUint32(HEAD.bytes * 4, true);
}

/** A tree as an archive. One call at a time. */
export class TreeArchive {
  readonly #base: Uint8Array;
  readonly #kernel: KernelArchive;
  readonly #reading: Reading;

  constructor(base: Uint8Array, kernel: KernelArchive, reading: Reading) {
    this.#base = base;
    this.#kernel = kernel;
    this.#reading = reading;
  }

  /** Puts the next bytes into `window`, which must not be touched until the promise settles. */
  async fill(window: Uint8Array, resume: ArchiveResume, signal: AbortSignal | undefined): Promise<ArchivePart> {
    return this.#decode(await this.#kernel.fill(window, resume, this.#reading, signal));
  }

  /** After the last call has settled. */
  close(): void {
    this.#kernel.close();
  }

  #decode(answer: Uint8Array): ArchivePart {
    const words = new Uint32Array(answer.slice(0, (HEAD_WORDS + RECORD_WORDS) * 4).buffer);
    const texts = answer.subarray(words.byteLength);
    const nameLength = words[HEAD.nameLength] as number;
    const path = texts.subarray(nameLength, nameLength + (words[HEAD.pathLength] as number));
    const end = ENDS[words[HEAD.end] as number] as ArchivePart['end'];
    const value = words[HEAD.value] as number;
    const part = { bytes: words[HEAD.bytes] as number, end, path, kind: KINDS[value] ?? 'unknown' };
    if (end === 'refused' || end === 'failed') return { ...part, error: faultError(value, displayPath(joinPath(this.#base, path))) };
    if (words[HEAD.hasFile] !== 1) return part;
    const records = words.subarray(HEAD_WORDS);
    // How deep it is only a walk wants to know.
    const directory: Directory = { path, depth: 0 };
    const listing = { count: 1, records, texts, fault: 0 };
    return { ...part, unfinished: { directory, listing, size: wide(records, AT.size), offset: wide(words, HEAD.offset) } };
  }
}
