import type { HashKernel, HashState } from '@chunker/core';

/** A hash that is fed piece by piece, as node:crypto and noble both have one. */
export interface Running {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
  copy(): Running;
}

/** Bytes between two turns of the event loop take about a millisecond. */
const SLICE_NANOSECONDS = 1e6;

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });

/** A kernel on the calling thread; its asynchronous form lets other work run between slices. */
export function runningKernel(create: () => Running, nanosecondsPerByte: number): HashKernel<object> {
  const sliceBytes = Math.floor(SLICE_NANOSECONDS / nanosecondsPerByte);
  const hashSync = (data: Uint8Array): Uint8Array => {
    const running = create();
    running.update(data);
    return running.digest();
  };
  const feed = async (running: Running, data: Uint8Array, signal: AbortSignal | undefined): Promise<void> => {
    for (let start = 0; start < data.length; start += sliceBytes) {
      if (start > 0) await turn();
      signal?.throwIfAborted();
      running.update(data.subarray(start, start + sliceBytes));
    }
  };
  const state = (running: Running, signal: AbortSignal | undefined): HashState => ({
    update: (data) => (data.length <= sliceBytes ? void running.update(data) : feed(running, data, signal)),
    updateSync: (data) => void running.update(data),
    digest: () => running.digest(),
    digestSync: () => running.digest(),
    clone: () => state(running.copy(), signal),
  });
  return {
    costPerByte: () => nanosecondsPerByte,
    async hash(data, _options, { signal }) {
      const running = create();
      await feed(running, data, signal);
      return running.digest();
    },
    hashSync,
    create: (_options, { signal }) => state(create(), signal),
  };
}
