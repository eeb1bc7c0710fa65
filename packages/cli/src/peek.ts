/** The first bytes of a stream, and all of it. */
export async function peek(input: AsyncIterable<Uint8Array>, bytes: number): Promise<{ readonly head: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  const iterator = input[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  for (let length = 0; length < bytes; ) {
    const { done, value } = await iterator.next();
    if (done) break;
    pieces.push(value.slice());
    length += value.length;
  }
  return { head: Buffer.concat(pieces), all: chained(pieces, iterator) };
}

async function* chained(pieces: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
