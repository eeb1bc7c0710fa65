import type { ByteSource, Chunk, ChunkParameters } from '../contracts/index.js';
import { copyOf } from '../bytes/inputs.js';
import { openSource } from '../bytes/sources.js';
import { type Slab, SlabPool } from '../slabs/index.js';
import { Turn } from './awaitable.js';
import { type Payload, PlainChunk } from './chunk-list.js';
import type { Operations } from './operation.js';

type Cut = (window: Uint8Array, isLast: boolean, at: number) => Promise<Uint32Array>;

const LEAST_WINDOW = 1024 * 1024;
/** A source that gives nothing for so long is slow: what can be cut is. */
const PATIENCE_MS = 50;

/**
 * Chunks of bytes that arrive over time: they are gathered in slabs of at least twice the chunker's reach and cut there. A payload is a view of the slab; before a slab is used again its buffer is
 * detached, so that a view kept too long is empty instead of wrong.
 */
export async function* chunkStream(
  operations: Operations,
  cut: Cut,
  reach: number,
  source: ByteSource,
  payload: Payload,
  parameters: ChunkParameters | undefined,
): AsyncGenerator<Chunk> {
  const visit = operations.begin('chunkStream', parameters);
  const slabBytes = Math.max(LEAST_WINDOW, 2 * reach);
  const pool = new SlabPool({ slabBytes, maxSlabs: 2 });
  let window: Window | undefined;
  let iterator: AsyncIterator<Uint8Array> | undefined;
  let ended = false;
  let items = 0;
  let offset = 0;
  try {
    iterator = openSource('chunker', source);
    const limit = operations.taken.scope.settings.bufferLimitBytes;
    if (2 * slabBytes > limit) throw operations.error('buffer_limit_exceeded', { attempted: 2 * slabBytes, limit });
    visit.reserved(await operations.reserve('chunkStream', 2 * slabBytes, parameters));
    const current = new Window(pool, reach);
    window = current;
    const turn = new Turn();
    while (!ended) {
      ended = await visit.reading(fill(operations, current, iterator, slabBytes, parameters?.signal, (bytes) => visit.progress(bytes)));
      const lengths = await operations.step(() => cut(current.bytes, ended, offset), parameters?.signal);
      let at = 0;
      for (const length of lengths) {
        const view = payload === 'none' ? undefined : current.bytes.subarray(at, at + length);
        items++;
        yield new PlainChunk(offset, length, view !== undefined && payload === 'copy' ? copyOf(view) : view);
        operations.taken.scope.life.check(operations.taken.definition.name);
        if (parameters?.signal?.aborted === true) throw parameters.signal.reason;
        at += length;
        offset += length;
      }
      current.drop(at, payload === 'view');
      await turn.over();
    }
    visit.end(() => ({ outputBytes: 0, items }), undefined);
  } catch (thrown) {
    throw visit.failed(thrown);
  } finally {
    window?.end();
    pool.dispose();
    visit.leave();
    if (!ended) iterator?.return?.().catch(() => {});
  }
}

/** Reads until the window is full, the source ends, or it keeps waiting who could cut already; true at its end. */
async function fill(
  operations: Operations,
  window: Window,
  iterator: AsyncIterator<Uint8Array>,
  slabBytes: number,
  signal: AbortSignal | undefined,
  progress: (bytes: number) => void,
): Promise<boolean> {
  for (;;) {
    window.takeRest();
    if (window.filled === slabBytes) return false;
    const next = window.pending ?? operations.race(iterator.next(), signal);
    window.pending = undefined;
    const piece = window.filled < window.reach ? await next : await orLater(next);
    if (piece === undefined) {
      // Whoever reads on sees what it comes to.
      next.catch(() => {});
      window.pending = next;
      return false;
    }
    if (piece.done === true) return true;
    progress(piece.value.length);
    window.rest = piece.value;
  }
}

function orLater<T>(work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, PATIENCE_MS, undefined);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The slab that is being filled and cut, and what of the last piece did not fit. */
class Window {
  readonly #pool: SlabPool;
  #slab: Slab;
  /** Bytes that the chunker looks at to cut: with less there is nothing to cut. */
  readonly reach: number;
  filled = 0;
  rest: Uint8Array = new Uint8Array(0);
  /** A read that a cut went before. */
  pending: Promise<IteratorResult<Uint8Array>> | undefined;

  constructor(pool: SlabPool, reach: number) {
    this.reach = reach;
    this.#pool = pool;
    this.#slab = pool.acquire();
  }

  get bytes(): Uint8Array {
    return this.#slab.bytes.subarray(0, this.filled);
  }

  takeRest(): void {
    const count = Math.min(this.rest.length, this.#slab.bytes.length - this.filled);
    this.#slab.bytes.set(this.rest.subarray(0, count), this.filled);
    this.rest = this.rest.subarray(count);
    this.filled += count;
  }

  /** Drops what was cut. Where views went out, the rest moves to another slab and this one ends. */
  drop(cut: number, shown: boolean): void {
    if (cut === 0) return;
    const left = this.filled - cut;
    if (shown) {
      const next = this.#pool.acquire();
      next.bytes.set(this.#slab.bytes.subarray(cut, this.filled));
      this.#slab.end();
      this.#slab = next;
    } else {
      this.#slab.bytes.copyWithin(0, cut, this.filled);
    }
    this.filled = left;
  }

  end(): void {
    this.#slab.end();
  }
}
