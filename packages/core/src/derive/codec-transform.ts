import type { CallParameters } from '../contracts/index.js';
import { passThrough } from './codec-stream.js';
import type { Direction, RawCodec } from './raw-codec.js';

/**
 * A codec as a pair of streams. Not the platform's TransformStream, which cannot wait for its reader in the middle of a piece: a few bytes may hold gigabytes. Written pieces are taken, and what
 * they give is made, as the readable side is pulled.
 */
export function codecTransform(raw: RawCodec, direction: Direction, parameters: CallParameters | undefined): TransformStream<Uint8Array, Uint8Array> {
  const visit = raw.operations.begin(`${direction}or`, parameters);
  const handover = new Handover();
  const output = passThrough(raw, direction, handover, parameters, visit);
  const signal = parameters?.signal;
  let writer: WritableStreamDefaultController | undefined;
  let reader: ReadableStreamDefaultController<Uint8Array> | undefined;
  const leave = () => {
    signal?.removeEventListener('abort', onAbort);
    visit.leave();
  };
  const fail = (reason: unknown) => {
    handover.fail(reason);
    writer?.error(reason);
    reader?.error(reason);
    leave();
    output.return(undefined).catch(() => {});
  };
  const onAbort = () => fail(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const writable = new WritableStream<Uint8Array>({
    start(controller) {
      writer = controller;
    },
    write: (piece) => handover.write(piece),
    close: () => handover.close(),
    abort: fail,
  });
  const readable = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        reader = controller;
      },
      async pull(controller) {
        try {
          const next = await output.next();
          if (next.done !== true) return controller.enqueue(next.value);
          controller.close();
          handover.finished();
          leave();
        } catch (error) {
          fail(error);
        }
      },
      cancel: fail,
    },
    { highWaterMark: 0 },
  );
  return { readable, writable };
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** From one side's hand to the other's: a piece is let go of when the next one is asked for. */
class Handover implements AsyncIterableIterator<Uint8Array> {
  #offered: IteratorResult<Uint8Array> | undefined;
  #taken = false;
  /** Who offered, and is told when the piece is done with. */
  #giver: Waiting | undefined;
  /** Who asked, and is told when there is something. */
  #asker: Waiting | undefined;
  #failure: { readonly reason: unknown } | undefined;

  [Symbol.asyncIterator](): this {
    return this;
  }

  write(piece: Uint8Array): Promise<void> {
    return this.#offer({ done: false, value: piece });
  }

  /** Settles when all has been worked off. */
  close(): Promise<void> {
    return this.#offer({ done: true, value: undefined });
  }

  finished(): void {
    this.#giver?.resolve();
  }

  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#giver?.reject(reason);
    this.#asker?.reject(reason);
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#taken) {
      this.#offered = undefined;
      this.#giver?.resolve();
    }
    if (this.#offered === undefined) {
      await new Promise<void>((resolve, reject) => {
        if (this.#failure !== undefined) return reject(this.#failure.reason);
        this.#asker = { resolve, reject };
      });
    }
    this.#taken = true;
    return this.#offered as IteratorResult<Uint8Array>;
  }

  #offer(item: IteratorResult<Uint8Array>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.reason);
      this.#offered = item;
      this.#taken = false;
      this.#giver = { resolve, reject };
      this.#asker?.resolve();
    });
  }
}
