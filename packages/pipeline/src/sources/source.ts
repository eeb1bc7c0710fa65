import type { ByteSource } from '@chunker/core';

/**
 * Where a pipeline's bytes come from: whatever can fill memory in order. `@chunker/nar` makes one of a directory; a database cursor or a socket can be another.
 */
export interface WindowSource {
  /** Bytes in all, where that is known beforehand. */
  readonly size?: number | undefined;
  /** Whether the last `fill` was the end. A source that tells can be read eagerly: chunks go on their way while it makes the next. */
  readonly ended?: boolean | undefined;
  /**
   * Of a source of many inputs one behind the other: the bytes of each that the last `fill` gave, whole ones, empty ones among them; together all that it gave. Nothing is cut across their ends, so each is cut
   * as in a run of its own. Such a source is asked for the next window when the last one came, and tells `ended`.
   */
  readonly parts?: Uint32Array | undefined;
  /**
   * Writes the next bytes to the start of `target` and answers how many. Where `ended` is not told, fewer than `target.length` means that this was the end; after that it is not called again. Waits
   * without polling; ends soon after `signal` aborts. `target` may be written until the promise settles and never afterwards. Only where `eager` is true may a source that tells
   * `ended` answer before `target` is full and the end is there.
   */
  fill(target: Uint8Array, signal: AbortSignal, eager?: boolean): Promise<number>;
  /** Frees what the source holds, also after an error and before the end. Called once. */
  close(): Promise<void>;
}

/** A file by its path. */
export interface FileInput {
  readonly file: string | Uint8Array;
  /** How its bytes come: as the system reads them (default), out of memory maps, or past the page cache; `openFile` of `@chunker/io` tells more. */
  readonly reading?: 'buffered' | 'mapped' | 'direct' | undefined;
}

/**
 * What a pipeline reads: a file by path or as an open handle, bytes in memory, a Blob, anything iterable of bytes (Node Readable, Web ReadableStream, generator), or a source of one's own.
 */
export type PipelineInput = FileInput | Uint8Array | Blob | ByteSource | WindowSource | FileHandleLike;

/** Node's `fs.promises` file handle, as far as a pipeline uses it. It is read from its current beginning by position and stays open. */
export interface FileHandleLike {
  readonly fd: number;
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  /** Where it is there, a file that changes while it is read is reported. */
  stat?(options: { readonly bigint: true }): Promise<FileHandleFacts>;
}

/** What of a file shows that it has changed. */
export interface FileHandleFacts {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  isFile(): boolean;
}
