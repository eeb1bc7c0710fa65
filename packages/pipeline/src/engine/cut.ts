import { type Chunker, ChunkerError } from '@chunker/core';
import { stageError } from '../errors.js';
import { nextTurn } from '../sources/memory.js';
import type { Window } from '../window.js';
import { BatchWork, type Job } from './job.js';
import { PRIORITY } from './priorities.js';

/** The chunks of a window that further bytes cannot change; undefined when there are none. Without a chunker the window is one piece. */
export async function cut(job: Job, window: Window, signal: AbortSignal): Promise<BatchWork | undefined> {
  const data = window.data;
  if (data.length === 0) return undefined;
  const { chunker } = job;
  const { parts } = window;
  if (chunker === undefined) return new BatchWork(window, parts?.filter((length) => length > 0) ?? Uint32Array.of(data.length), data.length);
  try {
    const lengths =
      parts === undefined ? await chunker.cutWindow(data, window.isLast, { signal, priority: PRIORITY.cut }) : await cutEach(chunker, data, parts, signal);
    let bytes = 0;
    for (let i = 0; i < lengths.length; i++) bytes += lengths[i] as number;
    if (bytes > data.length || (window.isLast && bytes < data.length) || data.length - bytes > job.settings.headBytes) {
      throw new ChunkerError('plugin_failed', { algorithm: chunker.name, operation: 'chunk', reason: `it cut ${bytes} of ${data.length} bytes` });
    }
    job.sizer.cut(lengths);
    return lengths.length === 0 ? undefined : new BatchWork(window, lengths, bytes);
  } catch (error) {
    throw stageError('chunk', window.start, error, chunker.name);
  }
}

/** Cut here without a turn for others in between: a third of a millisecond of FastCDC. */
const TURN_BYTES = 1024 * 1024;

/** Each part as an input of its own. One no longer than the shortest chunk is a chunk: only the last of an input may be shorter. */
async function cutEach(chunker: Chunker, data: Uint8Array, parts: Uint32Array, signal: AbortSignal): Promise<Uint32Array> {
  const lengths: number[] = [];
  let at = 0;
  let turnBytes = 0;
  for (const length of parts) {
    const part = data.subarray(at, at + length);
    at += length;
    if (length <= chunker.minSize) {
      if (length > 0) lengths.push(length);
      continue;
    }
    for (const one of await chunker.cutWindow(part, true, { signal, priority: PRIORITY.cut })) lengths.push(one);
    turnBytes += length;
    if (turnBytes < TURN_BYTES) continue;
    turnBytes = 0;
    await nextTurn();
  }
  return Uint32Array.from(lengths);
}
