import type { Window } from '../window.js';
import { choose, compressGroup, groups } from './compress.js';
import { cut } from './cut.js';
import { hash, markDuplicates } from './hash.js';
import type { BatchWork, Job } from './job.js';
import { count, prepareColumns } from './columns.js';
import { carryTail, readWindow } from './read.js';

/** The stages one after the other, one thing at a time: what the parallel engine is judged by. */
export async function* runSequential(job: Job, signal: AbortSignal): AsyncGenerator<BatchWork> {
  let offset = job.start;
  let before: { readonly window: Window; readonly bytesCut: number } | undefined;
  try {
    for (;;) {
      signal.throwIfAborted();
      const window = await readWindow(job, offset, signal, () => {});
      offset += window.body.length;
      await job.digests.update(window.body);
      if (before !== undefined) await carryTail(before.window, before.bytesCut, window);
      before?.window.release();
      before = { window, bytesCut: 0 };
      const batch = await cut(job, window, signal);
      before = { window, bytesCut: batch?.data.length ?? 0 };
      if (batch !== undefined) {
        try {
          await work(job, batch, signal);
          yield batch;
        } finally {
          batch.release();
        }
      }
      if (window.isLast) job.control.reachedEnd();
      if (window.isLast || job.control.isOver()) return;
    }
  } finally {
    before?.window.release();
  }
}

async function work(job: Job, batch: BatchWork, signal: AbortSignal): Promise<void> {
  prepareColumns(job, batch);
  await hash(job, batch, signal);
  markDuplicates(job, batch);
  await choose(job, batch);
  if (job.codec !== undefined || job.chooser !== undefined) {
    for (const group of groups(batch, job.chooser !== undefined)) {
      await compressGroup(job, batch, group, signal);
      const turn = job.cooperation?.pass(group.bytes, group.to - group.from);
      if (turn !== undefined) await turn;
    }
  }
  if (job.verify) await job.reassembled.update(batch.data);
  count(job, batch);
}
