import { type NarHandler, NarParser, type NarParserOptions } from './parser.js';
import { type NarSource, openPieces, type Pieces } from './pieces.js';

/** What an archive says, in its order. Paths are bytes from the root, components joined by `/`, empty for the root. */
export type NarEvent =
  | { readonly type: 'directory'; readonly path: Uint8Array; readonly nodeOffset: number }
  | {
      readonly type: 'file';
      readonly path: Uint8Array;
      readonly nodeOffset: number;
      readonly size: number;
      readonly executable: boolean;
      /** Where in the archive the contents begin. */
      readonly narOffset: number;
    }
  /** The next contents of the file, and where in the file they stand: a view that is valid until the next batch is pulled. */
  | { readonly type: 'contents'; readonly bytes: Uint8Array; readonly offset: number }
  | { readonly type: 'symlink'; readonly path: Uint8Array; readonly nodeOffset: number; readonly target: Uint8Array }
  /** The directory or file has ended. */
  | { readonly type: 'end'; readonly path: Uint8Array };

/** How an archive is read. */
export interface NarReadOptions extends NarParserOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with the bytes of the archive that were read or passed over so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** What of an archive is told. */
export interface NarEventOptions extends NarReadOptions {
  /** Which files' contents are wanted: all (default), none, or those for which it answers true. Of a file at hand, what is not wanted is not even read. */
  readonly contents?: boolean | ((file: { readonly path: Uint8Array; readonly size: number; readonly executable: boolean }) => boolean) | undefined;
}

/** What an archive holds, counted. */
export interface NarSummary {
  /** Bytes of the archive. */
  readonly narSize: number;
  readonly directories: number;
  readonly files: number;
  readonly symlinks: number;
  /** Bytes of all files' contents. */
  readonly contentBytes: number;
}

/**
 * Reads an archive as events, in batches; never holds more of it than a window. The same rules hold whether contents are wanted or not.
 *
 * @throws NarError with `offset` in its details: a code for each rule of the format, `truncated_input`, `trailing_data`; IoError; the signal's reason
 */
export async function* readNar(source: NarSource, options: NarEventOptions = {}): AsyncGenerator<readonly NarEvent[], void, undefined> {
  const handler = new Collector(options.contents ?? true);
  const pieces = await openPieces(source, options.signal);
  try {
    const parser = new NarParser(handler, options);
    for (let more = true; more; ) {
      let failure: { readonly error: unknown } | undefined;
      try {
        more = await step(pieces, parser, options);
      } catch (error) {
        failure = { error };
      }
      const { batch } = handler;
      handler.batch = [];
      // What stood before the fault is told first, wherever the pieces were cut.
      if (batch.length > 0) yield batch;
      if (failure !== undefined) throw failure.error;
    }
  } finally {
    await pieces.close();
  }
}

/** The same without objects: tells a handler, which must not keep the views it is given. Ends early after `parser.stop()`. Answers the bytes read. Rejects as `readNar` does. */
export async function parseNar(source: NarSource, handler: NarHandler, options: NarReadOptions = {}): Promise<number> {
  const pieces = await openPieces(source, options.signal);
  try {
    const parser = new NarParser(handler, options);
    while (await step(pieces, parser, options));
    return parser.position;
  } finally {
    await pieces.close();
  }
}

/** Reads an archive to its end and keeps nothing. Rejects as `readNar` does. */
export async function verifyNar(source: NarSource, options: NarReadOptions = {}): Promise<NarSummary> {
  const counter = new Counter();
  return counter.summary(await parseNar(source, counter, options));
}

/**
 * The bytes of an archive, checked: for those who hash or copy it. Each piece is handed on once it is known to be good so far, and is a view that is valid until the next is pulled. Rejects as `readNar` does.
 */
export async function* checkedNar(source: NarSource, options: NarReadOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = await openPieces(source, options.signal);
  try {
    const parser = new NarParser(new Counter(), options);
    for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) {
      parser.feed(piece);
      yield piece;
    }
    parser.finish();
  } finally {
    await pieces.close();
  }
}

/** Parses the next piece; false at the end, or when the handler has seen enough. */
export async function step(pieces: Pieces, parser: NarParser, { onBytes }: NarReadOptions): Promise<boolean> {
  const { skippable } = parser;
  if (skippable > 0) parser.skip(pieces.skip(skippable));
  const piece = await pieces.next();
  if (piece === undefined) {
    parser.finish();
    return false;
  }
  parser.feed(piece);
  onBytes?.(parser.position);
  return !parser.isStopped;
}

/** Counts, and wants no contents. */
export class Counter implements NarHandler {
  #directories = 0;
  #files = 0;
  #symlinks = 0;
  #contentBytes = 0;

  summary(narSize: number): NarSummary {
    return { narSize, directories: this.#directories, files: this.#files, symlinks: this.#symlinks, contentBytes: this.#contentBytes };
  }

  directory(): void {
    this.#directories++;
  }

  file({ size }: NarParser): boolean {
    this.#files++;
    this.#contentBytes += size;
    return false;
  }

  contents(): void {}

  symlink(): void {
    this.#symlinks++;
  }

  end(): void {}
}

class Collector implements NarHandler {
  batch: NarEvent[] = [];

  constructor(readonly wanted: Exclude<NarEventOptions['contents'], undefined>) {}

  directory({ path, nodeOffset }: NarParser): void {
    this.batch.push({ type: 'directory', path, nodeOffset });
  }

  file({ path, nodeOffset, size, executable, contentsOffset }: NarParser): boolean {
    this.batch.push({ type: 'file', path, nodeOffset, size, executable, narOffset: contentsOffset });
    return typeof this.wanted === 'boolean' ? this.wanted : this.wanted({ path, size, executable });
  }

  contents(bytes: Uint8Array, offset: number): void {
    this.batch.push({ type: 'contents', bytes, offset });
  }

  symlink({ path, nodeOffset, target }: NarParser): void {
    this.batch.push({ type: 'symlink', path, nodeOffset, target: target.slice() });
  }

  end({ path }: NarParser): void {
    this.batch.push({ type: 'end', path });
  }
}
