import type { Call, Handles, HashKernel, HashState, Ranges } from '@chunker/core';
import { blake3 } from '@noble/hashes/blake3.js';
import type { Blake3Options } from './options.js';
import { modeOf } from './settings.js';

/** Bytes between two turns of the event loop: about a millisecond. */
const SLICE_BYTES = 128 << 10;

type Running = ReturnType<typeof blake3.create>;

const create = (options: Blake3Options, handles: Handles): Running => {
  const { mode, secret } = modeOf(options, handles);
  const length = { dkLen: options.length };
  if (mode === 'keyed') return blake3.create({ ...length, key: secret });
  return blake3.create(mode === 'deriveKey' ? { ...length, context: secret } : length);
};

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });

/** Feeds `data` piece by piece, other work in between. Rejects with the signal's reason when it is aborted. */
async function feed(running: Running, data: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  for (let start = 0; start < data.length; start += SLICE_BYTES) {
    if (start > 0) await turn();
    signal?.throwIfAborted();
    running.update(data.subarray(start, start + SLICE_BYTES));
  }
}

const hashSync = (data: Uint8Array, options: Blake3Options, { handles }: Call): Uint8Array => create(options, handles).update(data).digest();

async function hash(data: Uint8Array, options: Blake3Options, { handles, signal }: Call): Promise<Uint8Array> {
  const running = create(options, handles);
  await feed(running, data, signal);
  return running.digest();
}

function* pieces(buffer: Uint8Array, { lengths, offsets }: Ranges): Generator<Uint8Array> {
  let end = 0;
  for (let index = 0; index < lengths.length; index++) {
    const start = offsets?.[index] ?? end;
    end = start + (lengths[index] as number);
    yield buffer.subarray(start, end);
  }
}

async function hashMany(buffer: Uint8Array, ranges: Ranges, output: Uint8Array, options: Blake3Options, call: Call): Promise<void> {
  let [place, bytes] = [0, 0];
  for (const piece of pieces(buffer, ranges)) {
    output.set(piece.length > SLICE_BYTES ? await hash(piece, options, call) : hashSync(piece, options, call), place);
    place += options.length;
    // A message costs a block even when it is empty.
    bytes += piece.length + 64;
    if (bytes < SLICE_BYTES) continue;
    bytes = 0;
    await turn();
    call.signal?.throwIfAborted();
  }
}

function state(running: Running, signal: AbortSignal | undefined): HashState {
  const updateSync = (data: Uint8Array): void => {
    running.update(data);
  };
  return {
    update: (data) => (data.length <= SLICE_BYTES ? updateSync(data) : feed(running, data, signal)),
    updateSync,
    digest: () => running.digest(),
    digestSync: () => running.digest(),
    clone: () => state(running.clone(), signal),
  };
}

/** The reference kernel: readable, audited JavaScript, on the calling thread. */
export const kernel: HashKernel<Blake3Options> = {
  costPerByte: () => 8,
  hash: (data, options, call) => (data.length <= SLICE_BYTES ? hashSync(data, options, call) : hash(data, options, call)),
  hashSync,
  hashMany,
  hashManySync(buffer, ranges, output, options, call) {
    let place = 0;
    for (const piece of pieces(buffer, ranges)) {
      output.set(hashSync(piece, options, call), place);
      place += options.length;
    }
  },
  create: (options, { handles, signal }) => state(create(options, handles), signal),
};
