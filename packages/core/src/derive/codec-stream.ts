import type { Awaitable, ByteSource, Call, CallParameters, DecodeParameters, Pieces } from '../contracts/index.js';
import { isBytes } from '../bytes/arrays.js';
import { openSource } from '../bytes/sources.js';
import { Turn } from './awaitable.js';
import { CodecMemory } from './codec-memory.js';
import { openSession, type Session } from './codec-session.js';
import type { Visit } from './operation.js';
import type { Direction, RawCodec } from './raw-codec.js';

/** Pieces and windows on their way through a stream, beside the codec's own memory. */
const STREAM_BYTES = 4 * 1024 * 1024;

/** A source through a codec, piece by piece. Breaking out of the loop, an abort and the registry's end release everything. */
export async function* codecStream(
  raw: RawCodec,
  direction: Direction,
  source: ByteSource,
  parameters: CallParameters | undefined,
): AsyncGenerator<Uint8Array> {
  yield* passThrough(raw, direction, source, parameters, raw.operations.begin(`${direction}Stream`, parameters));
}

/** The same for an operation that has begun. Its reader's pulls drive everything: nothing is read or computed ahead of them. */
export async function* passThrough(
  raw: RawCodec,
  direction: Direction,
  source: ByteSource,
  parameters: CallParameters | undefined,
  visit: Visit,
): AsyncGenerator<Uint8Array> {
  const { operations } = raw;
  let iterator: AsyncIterator<Uint8Array> | undefined;
  let session: Session | undefined;
  let outputBytes = 0;
  let ended = false;
  try {
    iterator = openSource('codec', source);
    const call = callOf(raw, direction, parameters);
    const reservation = await operations.reserve(
      `${direction}Stream`,
      STREAM_BYTES + new CodecMemory(raw.taken).allowed(direction, Number.POSITIVE_INFINITY, call),
      parameters,
    );
    visit.reserved(reservation);
    session = openSession(raw, direction, call, reservation);
    const turn = new Turn();
    for (;;) {
      const piece = await visit.reading(operations.race(iterator.next(), parameters?.signal));
      ended = piece.done === true;
      if (!ended) visit.progress((piece.value as Uint8Array).length);
      for await (const bytes of outputs(raw, session, ended ? undefined : (piece.value as Uint8Array), parameters)) {
        outputBytes += bytes.length;
        yield bytes;
        await turn.over();
      }
      if (ended) break;
      await turn.over();
    }
    visit.end(() => ({ outputBytes, items: 1 }), undefined);
  } catch (thrown) {
    throw visit.failed(thrown);
  } finally {
    close(session);
    visit.leave();
    if (!ended) iterator?.return?.().catch(() => {});
  }
}

function callOf(raw: RawCodec, direction: Direction, parameters: CallParameters | undefined): Call {
  const { operations } = raw;
  // A codec that only knows whole buffers has its result in memory, so the limit for memory holds.
  const inMemory = direction === 'decompress' && (raw.taken.kernel.methods as { decompressor?: unknown }).decompressor === undefined;
  return direction === 'compress' ? operations.call(parameters) : operations.decodeCall(parameters as DecodeParameters, !inMemory);
}

function close(session: Session | undefined): void {
  try {
    session?.form.dispose?.();
  } catch {
    // The stream has its end or its error; housekeeping must not put another in its place.
  }
}

/** What a piece of input gives; without one, what the end gives. */
async function* outputs(raw: RawCodec, session: Session, input: Uint8Array | undefined, parameters: CallParameters | undefined): AsyncGenerator<Uint8Array> {
  const { form, sliceBytes } = session;
  if (input === undefined) return yield* pulled(raw, session, () => form.finish(), 0, parameters);
  for (let at = 0; at < input.length; at += sliceBytes) {
    const slice = input.length <= sliceBytes ? input : input.subarray(at, at + sliceBytes);
    yield* pulled(raw, session, () => form.push(slice), slice.length, parameters);
  }
}

/** One step of the push form, and the pieces that it gives. */
async function* pulled(
  raw: RawCodec,
  session: Session,
  start: () => Awaitable<Pieces>,
  bytes: number,
  parameters: CallParameters | undefined,
): AsyncGenerator<Uint8Array> {
  const given = await step(raw, start, bytes, parameters);
  const iterator = iteratorOf(given);
  if (iterator === undefined) {
    const kept = session.keep(given as Uint8Array);
    if (kept.length > 0) yield kept;
    return;
  }
  let over = false;
  try {
    for (;;) {
      const next = await step(raw, () => iterator.next() as Awaitable<IteratorResult<Uint8Array>>, bytes, parameters);
      over = next.done === true;
      if (over) return;
      const kept = session.keep(next.value);
      if (kept.length > 0) yield kept;
    }
  } finally {
    if (!over) giveUp(iterator);
  }
}

function iteratorOf(given: Pieces): Iterator<Uint8Array> | AsyncIterator<Uint8Array> | undefined {
  if (isBytes(given) || given === null || typeof given !== 'object') return undefined;
  const asynchronous = (given as AsyncIterable<Uint8Array>)[Symbol.asyncIterator];
  if (typeof asynchronous === 'function') return asynchronous.call(given);
  const plain = (given as Iterable<Uint8Array>)[Symbol.iterator];
  return typeof plain === 'function' ? plain.call(given) : undefined;
}

/** Its own cleaning up must not put another error in the place of the one that is on its way. */
function giveUp(iterator: Iterator<Uint8Array> | AsyncIterator<Uint8Array>): void {
  try {
    Promise.resolve(iterator.return?.()).catch(() => {});
  } catch {}
}

/** Work on `bytes` of input, for which credit is taken where it leaves the thread. */
async function step<T>(raw: RawCodec, work: () => Awaitable<T>, bytes: number, parameters: CallParameters | undefined): Promise<T> {
  const { operations } = raw;
  const { scope, kernel } = raw.taken;
  const credited = kernel.placement === 'away' && bytes > 0;
  const credit = credited ? scope.credits.take(bytes) : undefined;
  if (credit !== undefined) await operations.awaitCredit(credit, bytes, parameters?.signal);
  try {
    return await operations.step(work, parameters?.signal);
  } finally {
    if (credited) scope.credits.give(bytes);
  }
}
