/** Bytes after which a long operation lets other work run: well under a millisecond of SHA-256 by OpenSSL. */
const SLICE_BYTES = 1 << 20;

/** Lets timers, input and output have their turn. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });

/** Calls `take` with `data` piece by piece, other work in between. Rejects with the signal's reason when it is aborted. */
export async function inSlices(data: Uint8Array, sliceBytes: number, take: (slice: Uint8Array) => void, signal?: AbortSignal): Promise<void> {
  for (let start = 0; start < data.length; start += sliceBytes) {
    if (start > 0) await turn();
    signal?.throwIfAborted();
    take(data.subarray(start, start + sliceBytes));
  }
}

/** Calls `take` for every range, other work in between whenever a slice's worth of bytes is done. */
export async function inTurns(lengths: Uint32Array, take: (index: number) => void | Promise<void>, sliceBytes: number, signal?: AbortSignal): Promise<void> {
  let bytes = 0;
  for (let index = 0; index < lengths.length; index++) {
    // A message costs something even when it is empty.
    bytes += (lengths[index] as number) + 64;
    if (bytes > sliceBytes) {
      await turn();
      bytes = 0;
    }
    signal?.throwIfAborted();
    const taken = take(index);
    if (taken !== undefined) await taken;
  }
}

export { SLICE_BYTES };
