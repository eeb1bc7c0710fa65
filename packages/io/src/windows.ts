import { type BufferStrategy, preallocate, resolveBuffers, windowSizer } from './buffers.js';
import { ioKernel } from './kernel.js';
import type { WindowSource } from './source.js';

/** How `readWindows` reads. */
export interface ReadWindowsSettings {
  /** Bytes of a window, 1 to 64 MiB; default 4 MiB. */
  readonly windowBytes?: number;
  /** Default `fixed`. */
  readonly buffers?: BufferStrategy;
  readonly signal?: AbortSignal;
}

interface Read {
  readonly slab: { readonly bytes: Uint8Array; end(): void };
  readonly room: number;
  readonly bytes: number;
}

const WINDOW_BYTES = 4 * 1024 * 1024;
/** The one that is looked at, and the one that is read meanwhile. */
const WINDOWS = 2;

/**
 * The bytes of a source from where it stands to its end, a window at a time: each is a view that is valid until the next is pulled and empty afterwards. One window is read while the one before is looked at. The source stays
 * open. Rejects with `invalid_input`, with what the source rejects with, or with the signal's reason.
 */
export async function* readWindows(source: WindowSource, settings: ReadWindowsSettings = {}): AsyncGenerator<Uint8Array> {
  const { windowBytes = WINDOW_BYTES, signal } = settings;
  const buffers = resolveBuffers(settings.buffers, windowBytes);
  const { slabs } = await ioKernel();
  if (buffers.strategy === 'preallocated') await preallocate(WINDOWS, () => slabs.take(buffers.max));
  const sizer = windowSizer(buffers, undefined, source.position);
  const read = async (): Promise<Read> => {
    signal?.throwIfAborted();
    const room = sizer.next();
    const slab = slabs.take(room);
    try {
      return { slab, room, bytes: await source.fill(slab.bytes.subarray(0, room), signal) };
    } catch (error) {
      slab.end();
      throw error;
    }
  };
  let reading = read();
  try {
    for (;;) {
      const { slab, room, bytes } = await reading;
      const isLast = bytes < room;
      if (!isLast) {
        reading = read();
        reading.catch(() => {});
      }
      try {
        if (bytes > 0) yield slab.bytes.subarray(0, bytes);
      } finally {
        slab.end();
      }
      if (isLast) return;
    }
  } finally {
    // Nothing may be read into memory that was given back.
    await reading.then(
      ({ slab }) => slab.end(),
      () => {},
    );
  }
}
