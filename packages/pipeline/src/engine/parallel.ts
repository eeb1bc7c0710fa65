import { Gate } from '../gate.js';
import type { Window } from '../window.js';
import { count, prepareColumns } from './columns.js';
import { choose, compressGroup, groups } from './compress.js';
import { cut } from './cut.js';
import { hash, markDuplicates } from './hash.js';
import type { BatchWork, Job } from './job.js';
import { Outbox } from './outbox.js';
import { carryTail, readWindow } from './read.js';

/** Batches without payloads are a few hundred bytes: a slow chunk at the head may have more of them wait behind it than there are windows. */
const DELIVERIES_PER_WINDOW = 4;

/**
 * All stages at once: window N+1 is read while N is cut, N's chunks are hashed by one job and compressed by one job each, while earlier windows are still in those stages. A window's slab is a credit:
 * reading waits for one, and it comes back when the window's stages are done, with payloads when the consumer has taken them; so a slow
 * stage or consumer stops all before it.
 */
export async function* runParallel(job: Job, signal: AbortSignal): AsyncGenerator<BatchWork> {
  const engine = new ParallelEngine(job, signal);
  try {
    for (;;) {
      const batch = await engine.next();
      if (batch === undefined) return;
      try {
        yield batch;
      } finally {
        engine.delivered(batch);
      }
    }
  } finally {
    await engine.stop();
  }
}

class ParallelEngine {
  readonly #job: Job;
  readonly #controller = new AbortController();
  readonly #windows: Gate;
  readonly #jobs: Gate;
  readonly #deliveries: Gate;
  readonly #outbox: Outbox<BatchWork>;
  /** Tasks under way, and whom to tell when there are none. Not a set of them: each table that a set has outgrown holds the next, and a collector of young objects keeps all that an old table leads to. */
  #running = 0;
  #idle: (() => void) | undefined;
  /** Ends of the chains that go window by window in order: whole-input digests, duplicates, reassembly. */
  #digested: Promise<void> = Promise.resolve();
  #marked: Promise<void> = Promise.resolve();
  #reassembled: Promise<void> = Promise.resolve();

  constructor(job: Job, signal: AbortSignal) {
    this.#job = job;
    this.#windows = new Gate(job.settings.windows);
    this.#jobs = new Gate(job.settings.jobs);
    this.#deliveries = new Gate(DELIVERIES_PER_WINDOW * job.settings.windows);
    this.#outbox = new Outbox(!job.settings.unordered);
    manyListeners(this.#controller.signal);
    if (signal.aborted) this.#fail(signal.reason);
    const abort = () => this.#fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#controller.signal.addEventListener('abort', () => signal.removeEventListener('abort', abort), { once: true });
    this.#run(this.#pump());
  }

  next(): Promise<BatchWork | undefined> {
    return this.#outbox.next();
  }

  /** The consumer has done with a batch. */
  delivered(batch: BatchWork): void {
    batch.release();
    this.#deliveries.leave();
  }

  /** Aborts what runs and waits until nothing touches a slab any more. */
  async stop(): Promise<void> {
    this.#fail(new Error('the pipeline has stopped'));
    while (this.#running > 0) {
      await new Promise<void>((idle) => {
        this.#idle = idle;
      });
    }
  }

  /** Reads, carries and cuts: the part that goes in order; what can go beside is started from here. */
  async #pump(): Promise<void> {
    const { signal } = this.#controller;
    const { control } = this.#job;
    let offset = this.#job.start;
    let reading = this.#read(offset);
    let before: { readonly window: Window; readonly bytesCut: number } | undefined;
    try {
      for (;;) {
        const window = await control.unlessStopped(reading);
        // The one that is being read is not waited for: its source may never answer.
        if (window === undefined) break;
        offset += window.body.length;
        const isLast = window.isLast || control.isOver();
        if (!isLast) reading = this.#read(offset);
        this.#digest(window);
        if (before !== undefined) await carryTail(before.window, before.bytesCut, window);
        before?.window.release();
        before = { window, bytesCut: 0 };
        const batch = await cut(this.#job, window, signal);
        before = { window, bytesCut: batch?.data.length ?? 0 };
        if (batch !== undefined) await this.#admit(batch);
        if (window.isLast) control.reachedEnd();
        if (isLast) break;
      }
    } finally {
      // A window may be on its way still: it goes back as soon as it comes.
      const last = before?.window;
      reading.then((window) => last !== window && window.release()).catch(() => {});
      last?.release();
    }
    await this.#digested;
    this.#outbox.close();
  }

  #read(offset: number): Promise<Window> {
    const reading = this.#take(offset);
    this.#run(reading.then(() => {}));
    return reading;
  }

  async #take(offset: number): Promise<Window> {
    await this.#windows.enter();
    return readWindow(this.#job, offset, this.#controller.signal, () => this.#windows.leave());
  }

  #digest(window: Window): void {
    if (this.#job.digests.isEmpty) return;
    window.hold();
    this.#digested = this.#after(
      this.#digested,
      () => this.#job.digests.update(window.body),
      () => window.release(),
    );
  }

  /** Waits until few enough batches are on their way to the consumer. */
  async #admit(batch: BatchWork): Promise<void> {
    try {
      await this.#deliveries.enter();
    } catch (error) {
      batch.release();
      throw error;
    }
    this.#process(batch);
  }

  #process(batch: BatchWork): void {
    const deliver = this.#outbox.announce();
    prepareColumns(this.#job, batch);
    const hashed = hash(this.#job, batch, this.#controller.signal);
    if (this.#job.dedup !== undefined) this.#marked = this.#after(this.#marked, async () => markDuplicates(this.#job, await hashed.then(() => batch)));
    const compressed = this.#compress(batch, this.#marked);
    let done = Promise.all([hashed, compressed, this.#marked]).then(() => {});
    if (this.#job.verify) {
      const verified = done;
      verified.catch(() => {});
      this.#reassembled = this.#after(this.#reassembled, async () => {
        await verified;
        await this.#job.reassembled.update(batch.data);
      });
      done = this.#reassembled;
    }
    this.#run(this.#settled([hashed, compressed, done], batch, deliver));
  }

  /** Delivers the batch when all of its stages are done; after a failure gives it back when nothing touches it any more. */
  async #settled(stages: readonly Promise<void>[], batch: BatchWork, deliver: (batch: BatchWork) => void): Promise<void> {
    for (const stage of stages) stage.catch((error: unknown) => this.#fail(error));
    const results = await Promise.allSettled(stages);
    if (this.#controller.signal.aborted || results.some(({ status }) => status === 'rejected')) return batch.release();
    count(this.#job, batch);
    // Without payloads the columns are all that the consumer sees: the slab can be read into again while an earlier window is still being compressed.
    if (batch.columns.payloads === undefined) batch.release();
    deliver(batch);
  }

  async #compress(batch: BatchWork, marked: Promise<void>): Promise<void> {
    const { codec, chooser } = this.#job;
    if (codec === undefined && chooser === undefined) return;
    await marked;
    if (chooser !== undefined) await choose(this.#job, batch);
    const jobs: Promise<void>[] = [];
    try {
      for (const group of groups(batch, chooser !== undefined)) {
        await this.#jobs.enter();
        const work = compressGroup(this.#job, batch, group, this.#controller.signal).finally(() => this.#jobs.leave());
        work.catch((error: unknown) => this.#fail(error));
        jobs.push(work);
        const turn = this.#job.cooperation?.pass(group.bytes, group.to - group.from);
        if (turn !== undefined) await turn;
      }
    } finally {
      await Promise.allSettled(jobs);
    }
  }

  /** Appends `work` to a chain; `last` runs in any case. */
  #after(chain: Promise<void>, work: () => Promise<void>, last?: () => void): Promise<void> {
    const next = chain
      .then(() => {
        this.#controller.signal.throwIfAborted();
        return work();
      })
      .finally(last);
    this.#run(next);
    return next;
  }

  /** Follows a task to its end, so that stopping can wait for it; its failure is the pipeline's. */
  #run(task: Promise<void>): void {
    this.#running += 1;
    void task
      .catch((error: unknown) => this.#fail(error))
      .then(() => {
        this.#running -= 1;
        if (this.#running === 0) this.#idle?.();
      });
  }

  #fail(error: unknown): void {
    this.#outbox.fail(error);
    this.#windows.close(error);
    this.#jobs.close(error);
    this.#deliveries.close(error);
    if (!this.#controller.signal.aborted) this.#controller.abort(error);
  }
}

/** Every call under way listens to the one signal: that is meant, and no leak to be warned of. */
function manyListeners(signal: AbortSignal): void {
  globalThis.process?.getBuiltinModule?.('node:events')?.setMaxListeners(0, signal);
}
