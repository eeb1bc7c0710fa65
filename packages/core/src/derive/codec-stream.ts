import type { ByteSource, CallParameters, DecodeParameters } from '../contracts/index.js';
import { readableInput } from '../bytes/inputs.js';
import { openSource } from '../bytes/sources.js';
import { Turn } from './awaitable.js';
import { openSession, type Session } from './codec-session.js';
import type { Visit } from './operation.js';
import type { Direction, RawCodec } from './raw-codec.js';

/** A source through a codec, piece by piece. Breaking out of the loop, an abort and the registry's end release everything. */
export async function* codecStream(
  raw: RawCodec,
  direction: Direction,
  source: ByteSource,
  parameters: CallParameters | undefined,
): AsyncGenerator<Uint8Array> {
  const { operations } = raw;
  const visit = operations.begin(`${direction}Stream`, parameters);
  let iterator: AsyncIterator<Uint8Array> | undefined;
  let session: Session | undefined;
  let outputBytes = 0;
  let ended = false;
  try {
    iterator = openSource('codec', source);
    session = open(raw, direction, parameters);
    const turn = new Turn();
    for (;;) {
      const piece = await operations.race(iterator.next(), parameters?.signal);
      ended = piece.done === true;
      if (!ended) visit.progress((piece.value as Uint8Array).length);
      for (const bytes of await step(raw, session, ended ? undefined : (piece.value as Uint8Array), parameters)) {
        outputBytes += bytes.length;
        yield bytes;
      }
      if (ended) break;
      await turn.over();
    }
    visit.end(() => ({ outputBytes, items: 1 }), undefined);
  } catch (thrown) {
    throw visit.failed(thrown);
  } finally {
    session?.close();
    visit.leave();
    if (!ended) iterator?.return?.().catch(() => {});
  }
}

/** A codec as a TransformStream. */
export function codecTransform(raw: RawCodec, direction: Direction, parameters: CallParameters | undefined): TransformStream<Uint8Array, Uint8Array> {
  const { operations } = raw;
  const visit: Visit = operations.begin(`${direction}or`, parameters);
  let session: Session | undefined;
  let outputBytes = 0;
  let done = false;
  const finish = () => {
    if (done) return;
    done = true;
    parameters?.signal?.removeEventListener('abort', onAbort);
    session?.close();
    visit.leave();
  };
  let onAbort = () => {};
  const pass = async (piece: Uint8Array | undefined, controller: TransformStreamDefaultController<Uint8Array>) => {
    try {
      session ??= open(raw, direction, parameters);
      const input = piece === undefined ? undefined : readableInput('codec', piece, 'a piece of the stream');
      if (input !== undefined) visit.progress(input.length);
      for (const bytes of await step(raw, session, input, parameters)) {
        outputBytes += bytes.length;
        controller.enqueue(bytes);
      }
    } catch (thrown) {
      const error = visit.failed(thrown);
      finish();
      throw error;
    }
  };
  return new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      onAbort = () => {
        controller.error(parameters?.signal?.reason);
        finish();
      };
      parameters?.signal?.addEventListener('abort', onAbort, { once: true });
    },
    transform: pass,
    async flush(controller) {
      await pass(undefined, controller);
      visit.end(() => ({ outputBytes, items: 1 }), undefined);
      finish();
    },
    // Called when either end is given up; newer runtimes only, older ones leave the session to the collector.
    cancel: finish,
  } as Transformer<Uint8Array, Uint8Array>);
}

function open(raw: RawCodec, direction: Direction, parameters: CallParameters | undefined): Session {
  const { operations } = raw;
  // A codec that only knows whole buffers has its result in memory, so the limit for memory holds.
  const inMemory = direction === 'decompress' && (raw.taken.kernel.methods as { decompressor?: unknown }).decompressor === undefined;
  const call = direction === 'compress' ? operations.call(parameters) : operations.decodeCall(parameters as DecodeParameters, !inMemory);
  return openSession(raw, direction, call);
}

async function step(raw: RawCodec, session: Session, piece: Uint8Array | undefined, parameters: CallParameters | undefined): Promise<readonly Uint8Array[]> {
  const { operations } = raw;
  const { scope, kernel } = raw.taken;
  const bytes = kernel.placement === 'away' ? (piece?.length ?? 0) : 0;
  const credit = bytes === 0 ? undefined : scope.credits.take(bytes);
  if (credit !== undefined) await operations.awaitCredit(credit, bytes, parameters?.signal);
  try {
    return await operations.step(() => (piece === undefined ? session.finish() : session.push(piece)), parameters?.signal);
  } finally {
    if (bytes > 0) scope.credits.give(bytes);
  }
}
