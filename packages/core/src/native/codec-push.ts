import type { Call, PushTransform } from '../contracts/index.js';
import type { NativeStream } from './codec-addon.js';
import { callSync, type MakeError } from './faults.js';
import type { MemoryGate } from './memory-gate.js';
import type { Room, RunOptions } from './room.js';

/** What the binding gives at most in one answer of a decoder; so many bytes mean that there may be more (`PIECE_BYTES` of native/support/codec/src/stream.rs). */
const PIECE_BYTES = 1 << 20;
const EMPTY = new Uint8Array(0);

/** How calls of one stream run. */
export interface Way {
  readonly room: Room;
  readonly run: RunOptions;
  readonly makeError: MakeError;
}

/** What an encoder takes, and at whose leave. */
export interface Entry {
  readonly gate: MemoryGate;
  readonly bytes: number;
  readonly signal: Call['signal'];
}

/** An encoder: opened when there is room for its memory, worked off at once where a piece of up to `small` bytes comes, what it gives cut into pieces. */
export function encoderPush(way: Way, open: () => NativeStream, { gate, bytes, signal }: Entry, small: number): PushTransform {
  let stream: NativeStream | undefined;
  let isClosed = false;
  const close = () => {
    isClosed = true;
    if (stream === undefined) return;
    stream.end();
    stream = undefined;
    gate.leave(bytes);
  };
  const opened = () => {
    try {
      // Whoever gave it up meanwhile will not do so again.
      if (isClosed) throw way.makeError('already_finished', {}, {});
      stream = open();
      return stream;
    } catch (error) {
      gate.leave(bytes);
      throw error;
    }
  };
  const work = (held: NativeStream, data: Uint8Array, end: boolean) => {
    const { room, run, makeError } = way;
    // What is held back until the end may be much.
    if (data.length <= small && !end) return callSync(() => held.pushSync(data, end), makeError);
    return room.run<Uint8Array>((ticket, input) => held.push(ticket, input, end), { ...run, input: data });
  };
  const step = async (data: Uint8Array, end: boolean) => {
    if (stream === undefined) await gate.enter(bytes, signal);
    const given = await work(stream ?? opened(), data, end);
    if (end) close();
    return given.length <= PIECE_BYTES ? given : cut(given);
  };
  return { push: (data) => step(data, false), finish: () => step(EMPTY, true), dispose: close };
}

function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** A decoder. A few bytes can hold gigabytes: what decoding costs is not known beforehand, so it never runs on the calling thread, and gives one piece of output a time. */
export function decoderPush({ room, run }: Way, stream: NativeStream): PushTransform {
  const next = (data: Uint8Array, end: boolean) => room.run<Uint8Array>((ticket, input) => stream.push(ticket, input, end), { ...run, input: data });
  async function* from(first: Uint8Array, end: boolean): AsyncGenerator<Uint8Array> {
    let piece = first;
    for (; piece.length === PIECE_BYTES; piece = await next(EMPTY, end)) yield piece;
    yield piece;
  }
  const step = async (data: Uint8Array, end: boolean) => {
    const first = await next(data, end);
    return first.length < PIECE_BYTES ? first : from(first, end);
  };
  return { push: (data) => step(data, false), finish: () => step(EMPTY, true), dispose: () => stream.end() };
}
