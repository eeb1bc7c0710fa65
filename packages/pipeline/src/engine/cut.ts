import { ChunkerError } from '@chunker/core';
import { stageError } from '../errors.js';
import type { Window } from '../window.js';
import { BatchWork, type Job } from './job.js';
import { PRIORITY } from './priorities.js';

/** The chunks of a window that further bytes cannot change; undefined when there are none. Without a chunker the window is one piece. */
export async function cut(job: Job, window: Window, signal: AbortSignal): Promise<BatchWork | undefined> {
  const data = window.data;
  if (data.length === 0) return undefined;
  const { chunker } = job;
  if (chunker === undefined) return new BatchWork(window, Uint32Array.of(data.length), data.length);
  try {
    const lengths = await chunker.cutWindow(data, window.isLast, { signal, priority: PRIORITY.cut });
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
