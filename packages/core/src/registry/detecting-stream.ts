import type { ByteSource, Codec, DecodeParameters } from '../contracts/index.js';
import { openSource } from '../bytes/sources.js';
import { HEAD_BYTES } from './detect.js';

/** Reads the head of a source, asks which codec knows it, and decompresses head and rest with that one. */
export async function* detectingStream(
  source: ByteSource,
  codecFor: (head: Uint8Array) => Promise<Codec>,
  call: DecodeParameters | undefined,
): AsyncGenerator<Uint8Array> {
  const iterator = openSource('codec', source);
  let handedOver = false;
  try {
    let head = new Uint8Array(0);
    while (head.length < HEAD_BYTES) {
      const piece = await iterator.next();
      if (piece.done === true) break;
      const longer = new Uint8Array(head.length + piece.value.length);
      longer.set(head);
      longer.set(piece.value, head.length);
      head = longer;
    }
    const codec = await codecFor(head);
    handedOver = true;
    yield* codec.decompressStream(rejoined(head, iterator), call);
  } finally {
    if (!handedOver) iterator.return?.().catch(() => {});
  }
}

async function* rejoined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let ended = false;
  try {
    yield head;
    for (;;) {
      const piece = await rest.next();
      ended = piece.done === true;
      if (ended) return;
      yield piece.value as Uint8Array;
    }
  } finally {
    if (!ended) await rest.return?.();
  }
}
