import { ChunkerError } from '@chunker/core';
import { stageError } from '../errors.js';
import { Window } from '../window.js';
import type { Job } from './job.js';

/** Reads the next window of the input, which begins at `offset`. `release` is called when its slab is free again. */
export async function readWindow(job: Job, offset: number, signal: AbortSignal, release: () => void): Promise<Window> {
  const { headBytes, windowBytes } = job.settings;
  const slab = job.slabs.take(headBytes + windowBytes);
  const window = new Window(slab, headBytes, (done) => {
    done.end();
    release();
  });
  try {
    const roomBytes = job.sizer.next();
    // Without a chunker windows are the pieces: all of one length.
    const bytes = await job.source.fill(window.room.subarray(0, roomBytes), signal, job.chunker !== undefined);
    window.filled(bytes, offset, job.source.ended ?? bytes < roomBytes);
    window.parts = checkedParts(job.source.parts, bytes);
    job.progress.readBytes += bytes;
    return window;
  } catch (error) {
    window.release();
    throw stageError('read', offset, error);
  }
}

/** Lays what `before` left behind its last chunk before `window`'s bytes. */
export async function carryTail(before: Window, bytesCut: number, window: Window): Promise<void> {
  const tail = before.data.subarray(bytesCut);
  if (tail.length > 0) await window.carry(tail);
}

function checkedParts(parts: Uint32Array | undefined, bytes: number): Uint32Array | undefined {
  const told = parts?.reduce((sum, length) => sum + length, 0) ?? bytes;
  if (told === bytes) return parts;
  throw new ChunkerError('invalid_input', { name: 'parts', value: `${told} bytes`, expected: `the ${bytes} bytes of the window` });
}
