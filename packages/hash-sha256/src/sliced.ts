import type { HashKernel, HashState, Ranges } from '@chunker/core';
import { inSlices, inTurns } from './slices.js';

/** A hash that is fed piece by piece, as both of our implementations have one. */
export interface Running {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
  copy(): Running;
}

/** What a kernel on the calling thread is made of. */
export interface Parts {
  create(): Running;
  /** The whole digest at once; the array is the caller's. */
  once(data: Uint8Array): Uint8Array;
  /** Bytes between two turns of the event loop. */
  readonly sliceBytes: number;
  readonly nanosecondsPerByte: number;
}

/** A kernel that computes on the calling thread; its asynchronous form lets other work run between slices. */
export function slicedKernel({ create, once, sliceBytes, nanosecondsPerByte }: Parts): HashKernel<object> {
  const hash = async (data: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> => {
    const running = create();
    await inSlices(data, sliceBytes, (slice) => running.update(slice), signal);
    return running.digest();
  };
  const item = (buffer: Uint8Array, ranges: Ranges) => {
    let end = 0;
    return (index: number): Uint8Array => {
      const offset = ranges.offsets?.[index] ?? end;
      end = offset + (ranges.lengths[index] as number);
      return buffer.subarray(offset, end);
    };
  };
  return {
    costPerByte: () => nanosecondsPerByte,
    hash: (data, _options, { signal }) => (data.length <= sliceBytes ? once(data) : hash(data, signal)),
    hashSync: once,
    async hashMany(buffer, ranges, output, _options, { signal }) {
      const at = item(buffer, ranges);
      const one = (index: number) => {
        const data = at(index);
        const put = (digest: Uint8Array) => output.set(digest, index * digest.length);
        return data.length <= sliceBytes ? put(once(data)) : hash(data, signal).then(put);
      };
      await inTurns(ranges.lengths, one, sliceBytes, signal);
    },
    hashManySync(buffer, ranges, output) {
      const at = item(buffer, ranges);
      for (let index = 0; index < ranges.lengths.length; index++) {
        const digest = once(at(index));
        output.set(digest, index * digest.length);
      }
    },
    create: (_options, { signal }) => state(create(), sliceBytes, signal),
  };
}

function state(running: Running, sliceBytes: number, signal: AbortSignal | undefined): HashState {
  const updateSync = (data: Uint8Array): void => {
    running.update(data);
  };
  return {
    update: (data) => (data.length <= sliceBytes ? updateSync(data) : inSlices(data, sliceBytes, updateSync, signal)),
    updateSync,
    digest: () => running.digest(),
    digestSync: () => running.digest(),
    clone: () => state(running.copy(), sliceBytes, signal),
  };
}
