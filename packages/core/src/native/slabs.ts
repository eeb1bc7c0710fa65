import { ChunkerError } from '../errors/index.js';
import type { Addon } from './addon.js';

/** Memory for one use: filled by its owner, read by whoever is handed a view, ended before it is used again. */
export interface Slab {
  /** The bytes; of length 0 after `end()`. What they hold at first is unspecified. */
  readonly bytes: Uint8Array;
  /** Ends all views of this slab (they become empty) and gives the memory back; jobs that still read it keep it until they are done. Idempotent. */
  end(): void;
}

/** Gives slabs; core has one of plain buffers where there is no native code. */
export interface SlabPool {
  /** A slab of exactly so many bytes. @throws ChunkerError `out_of_memory` or `invalid_input` */
  take(bytes: number): Slab;
}

/** Buffers over slabs of the executor, known to every copy of core in this environment. Their views cross the border without a copy. */
const KNOWN = Symbol.for('chunker.slabs.1');

function knownBuffers(): WeakSet<ArrayBufferLike> {
  const shared = globalThis as { [KNOWN]?: WeakSet<ArrayBufferLike> };
  shared[KNOWN] ??= new WeakSet();
  return shared[KNOWN];
}

/** True when this is a view of a slab: native code reads it where it is, and keeps it as long as it needs. */
export function isSlabBacked(view: Uint8Array): boolean {
  return knownBuffers().has(view.buffer);
}

/** A pool over the executor's slabs; plain buffers where the runtime allows no external ones. */
export function nativeSlabPool(addon: Addon): SlabPool {
  return { take: (bytes) => takeNative(addon, bytes) ?? plainSlab(bytes) };
}

/** A slab of the executor; undefined where the runtime allows no external buffers. */
export function takeNative(addon: Addon, bytes: number): Slab | undefined {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new ChunkerError('invalid_input', { name: 'bytes', value: String(bytes), expected: 'a safe integer' });
  const buffer = allocate(addon, bytes);
  if (buffer === undefined) return undefined;
  knownBuffers().add(buffer);
  return new NativeSlab(addon, buffer, bytes);
}

function allocate(addon: Addon, bytes: number): ArrayBuffer | undefined {
  try {
    return addon.slabTake(bytes);
  } catch (cause) {
    throw new ChunkerError('out_of_memory', { bytes }, { cause });
  }
}

class NativeSlab implements Slab {
  readonly bytes: Uint8Array;
  readonly #addon: Addon;
  readonly #buffer: ArrayBuffer;

  constructor(addon: Addon, buffer: ArrayBuffer, bytes: number) {
    this.bytes = new Uint8Array(buffer, 0, bytes);
    this.#addon = addon;
    this.#buffer = buffer;
  }

  end(): void {
    this.#addon.slabEnd(this.#buffer);
  }
}

/** The same without native memory: ended by a transfer that nobody receives. */
export function plainSlab(bytes: number): Slab {
  const buffer = plainBuffer(bytes);
  return {
    bytes: new Uint8Array(buffer),
    end: () => {
      if (buffer.byteLength > 0) structuredClone(buffer, { transfer: [buffer] });
    },
  };
}

function plainBuffer(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new ChunkerError('out_of_memory', { bytes }, { cause });
  }
}
