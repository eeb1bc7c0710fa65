import type { Chunk, Hints, PushChunker } from '../contracts/index.js';
import { copyOf, readableInput } from '../bytes/inputs.js';
import { resultWords } from '../bytes/results.js';
import { asPluginError } from '../errors/areas.js';
import { ChunkingError } from '../errors/index.js';
import { type Payload, PlainChunk } from './chunk-list.js';
import type { CheckedCutter, CheckedPush } from './cuts.js';
import { hintsFrom } from './hints.js';
import type { Operations } from './operation.js';

/**
 * The push interface: bytes in as they come, chunks out as they are complete. Where neither payload nor hints are asked for and the cutter keeps its own state (`open`), nothing is held back; else
 * bytes wait until a whole `reach` is there.
 */
export class PushedChunks implements PushChunker {
  readonly #operations: Operations;
  readonly #cutter: CheckedCutter;
  readonly #payload: Payload;
  readonly #hints: Hints | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #ready: Chunk[] = [];
  readonly #own: CheckedPush | undefined;
  #buffer: Uint8Array;
  #start = 0;
  #end = 0;
  #offset = 0;
  #over = false;

  constructor(operations: Operations, cutter: CheckedCutter, payload: Payload, hints: Hints | undefined, signal: AbortSignal | undefined) {
    this.#operations = operations;
    this.#cutter = cutter;
    this.#payload = payload;
    this.#hints = hints;
    this.#signal = signal;
    this.#own = payload === 'none' && hints === undefined ? opened(operations, cutter) : undefined;
    this.#buffer = new Uint8Array(this.#own === undefined ? Math.min(2 * cutter.reach, 1024 * 1024) : 0);
  }

  feed(bytes: Uint8Array, settings?: { readonly collect?: boolean }): Chunk[] {
    return this.#guard('feed', () => {
      const input = readableInput('chunker', bytes, 'bytes');
      if (this.#own !== undefined) {
        this.#pass(this.#own.push(input));
      } else {
        this.#append(input);
        this.#cut(false);
      }
      return settings?.collect === false ? [] : this.#ready.splice(0);
    });
  }

  finish(): Chunk[] {
    return this.#guard('finish', () => {
      if (this.#own === undefined) this.#cut(true);
      else this.#pass(this.#own.finish());
      this.#close();
      return this.#ready.splice(0);
    });
  }

  nextChunk(): Chunk | undefined {
    if (this.#over) throw new ChunkingError('already_finished', { algorithm: this.#operations.taken.definition.name });
    return this.#ready.shift();
  }

  #close(): void {
    this.#over = true;
    this.#buffer = new Uint8Array(0);
    this.#own?.dispose();
  }

  #pass(lengths: Uint32Array): void {
    for (const length of lengths) {
      this.#ready.push(new PlainChunk(this.#offset, length));
      this.#offset += length;
    }
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#end - this.#start + bytes.length;
    if (this.#end + bytes.length > this.#buffer.length) {
      // Views of the old buffer may be in the caller's hands, so it is left to them and never written again.
      const fits = needed <= this.#buffer.length / 2 && this.#payload !== 'view';
      const target = fits ? this.#buffer : new Uint8Array(Math.max(needed * 2, Math.min(2 * this.#cutter.reach, 1024 * 1024)));
      target.set(this.#buffer.subarray(this.#start, this.#end), 0);
      this.#buffer = target;
      this.#end -= this.#start;
      this.#start = 0;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #cut(isLast: boolean): void {
    const { reach } = this.#cutter;
    if (this.#end === this.#start || (!isLast && this.#end - this.#start < reach)) return;
    const window = this.#buffer.subarray(this.#start, this.#end);
    const hints = hintsFrom(this.#hints, this.#offset, this.#offset + window.length);
    for (const length of resultWords(this.#cutter.allSync(window, isLast, hints))) {
      const view = this.#payload === 'none' ? undefined : this.#buffer.subarray(this.#start, this.#start + length);
      this.#ready.push(new PlainChunk(this.#offset, length, view !== undefined && this.#payload === 'copy' ? copyOf(view) : view));
      this.#start += length;
      this.#offset += length;
    }
  }

  #guard<T>(operation: string, work: () => T): T {
    const { definition, scope } = this.#operations.taken;
    scope.life.check(definition.name);
    if (this.#over) throw new ChunkingError('already_finished', { algorithm: definition.name, operation });
    try {
      if (this.#signal?.aborted === true) throw this.#signal.reason;
      return work();
    } catch (thrown) {
      this.#close();
      throw this.#signal?.aborted === true ? this.#signal.reason : asPluginError('chunker', { algorithm: definition.name, operation }, thrown);
    }
  }
}

function opened(operations: Operations, cutter: CheckedCutter): CheckedPush | undefined {
  try {
    return cutter.open();
  } catch (thrown) {
    throw asPluginError('chunker', { algorithm: operations.taken.definition.name, operation: 'open' }, thrown);
  }
}
