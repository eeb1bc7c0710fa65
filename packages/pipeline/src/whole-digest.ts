import type { Hash } from '@chunker/core';
import { WholeDigests } from './engine/whole-digests.js';
import { stageError } from './errors.js';
import { type Slab, Slabs } from './slabs.js';
import { openSource } from './sources/open.js';
import type { PipelineInput, WindowSource } from './sources/source.js';

const WINDOW_BYTES = 4 * 1024 * 1024;
/** What is copied into a job anyway needs no slab. */
const SMALL_BYTES = 32 * 1024;

/** How `wholeDigest` works. */
export interface WholeDigestSettings {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes of each window that was read. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * The digest of a whole input, without a pipeline's stages: one window is hashed while the next is read. An input of known size that fits into a window is hashed at once.
 */
export async function wholeDigest(hash: Hash, input: PipelineInput, settings: WholeDigestSettings = {}): Promise<Uint8Array> {
  settings.signal?.throwIfAborted();
  const slabs = new Slabs(true);
  const source = await opened(input, settings.signal);
  try {
    // One byte more than the source says it has: a short answer means that this was all.
    if (source.size !== undefined && source.size < WINDOW_BYTES) return await digestOfOne(hash, source, slabs, source.size + 1, settings);
    return await digestOfMany(hash, source, slabs, settings);
  } catch (error) {
    throw settings.signal?.aborted ? settings.signal.reason : error;
  } finally {
    await source.close();
    slabs.dispose();
  }
}

async function opened(input: PipelineInput, signal: AbortSignal | undefined): Promise<WindowSource> {
  try {
    return await openSource(input, signal);
  } catch (error) {
    throw signal?.aborted ? signal.reason : stageError('read', 0, error);
  }
}

async function digestOfOne(hash: Hash, source: WindowSource, slabs: Slabs, room: number, settings: WholeDigestSettings): Promise<Uint8Array> {
  const { slab, bytes } = await fill(source, slabs, room, 0, settings);
  try {
    if (bytes === room) throw stageError('read', 0, new Error('the source gave more bytes than it said'));
    return await hash.hash(slab.bytes.subarray(0, bytes), callOf(settings.signal));
  } catch (error) {
    throw stageError('digest', 0, error, hash.name);
  } finally {
    slab.end();
  }
}

async function digestOfMany(hash: Hash, source: WindowSource, slabs: Slabs, settings: WholeDigestSettings): Promise<Uint8Array> {
  const digests = new WholeDigests([hash], settings.signal);
  let offset = 0;
  let reading = fill(source, slabs, WINDOW_BYTES, 0, settings);
  try {
    for (;;) {
      const { slab, bytes } = await reading;
      offset += bytes;
      const isLast = bytes < WINDOW_BYTES;
      if (!isLast) {
        reading = fill(source, slabs, WINDOW_BYTES, offset, settings);
        reading.catch(() => {});
      }
      try {
        await digests.update(slab.bytes.subarray(0, bytes));
      } finally {
        slab.end();
      }
      if (isLast) return (await digests.finish())[0] as Uint8Array;
    }
  } finally {
    // Nothing may be read into a slab that is gone.
    await reading.then(
      ({ slab }) => slab.end(),
      () => {},
    );
    digests.dispose();
  }
}

async function fill(
  source: WindowSource,
  slabs: Slabs,
  room: number,
  offset: number,
  settings: WholeDigestSettings,
): Promise<{ readonly slab: Slab; readonly bytes: number }> {
  const slab = room <= SMALL_BYTES ? { bytes: new Uint8Array(room), end: () => {} } : slabs.take(room);
  try {
    const bytes = await source.fill(slab.bytes, settings.signal ?? new AbortController().signal);
    settings.onBytes?.(bytes);
    return { slab, bytes };
  } catch (error) {
    slab.end();
    throw stageError('read', offset, error);
  }
}

function callOf(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
