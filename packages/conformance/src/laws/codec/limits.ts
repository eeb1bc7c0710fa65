import type { Codec, DecodeParameters } from '@chunker/core';
import { isChunkerError } from '@chunker/core';
import fc from 'fast-check';
import { BrokenPromise, promised } from '../../broken-promise.js';
import { law } from '../../law.js';
import { describeOutcome, expectSameBytes, outcomeOf } from '../../outcome.js';
import { collect, packed } from './operations.js';

type Decode = (codec: Codec, data: Uint8Array, call: DecodeParameters) => Uint8Array | Promise<Uint8Array>;

const DOORS: Readonly<Record<string, Decode>> = {
  decompress: (codec, data, call) => codec.decompress(data, call),
  decompressSync: (codec, data, call) => codec.decompressSync(data, call),
  decompressInto: async (codec, data, call) => {
    const output = new Uint8Array(1 << 20);
    return output.subarray(0, await codec.decompressInto(data, output, call));
  },
  decompressMany: async (codec, data, call) => (await codec.decompressMany([data], call)).at(0),
  decompressStream: (codec, data, call) => collect(codec.decompressStream([data], call)),
};

export const limitsHold = law({
  id: 'codec.limits',
  kind: 'codec',
  promise: '`maxOutputBytes` is exact: a result of that size passes, one byte more is `size_exceeded`.',
  property: (codec, { inputs }) =>
    fc.asyncProperty(inputs.data, fc.constantFrom(...Object.keys(DOORS)), fc.nat(999), async (sample, name, share) => {
      const data = await packed(codec, sample);
      const plain = data && (await outcomeOf(() => codec.decompress(data.slice())));
      if (data === undefined || !plain?.ok) return;
      const door = DOORS[name === 'decompressSync' && !codec.capabilities.sync ? 'decompress' : name] as Decode;
      const size = plain.value.length;
      const exact = await outcomeOf(() => door(codec, data.slice(), { maxOutputBytes: size }));
      expectSameBytes(`${name} with a limit of exactly its ${size} bytes`, plain, exact);
      if (size === 0) return;
      const limit = share < 500 ? size - 1 : Math.floor((size * (share - 500)) / 500);
      const over = await outcomeOf(() => door(codec, data.slice(), { maxOutputBytes: limit }));
      if (over.ok || !isChunkerError(over.error, 'size_exceeded')) {
        throw new BrokenPromise(`${name} of ${size} bytes with a limit of ${limit} ${describeOutcome(over)}`);
      }
      const told = over.error.details;
      promised(told.limit === limit, () => `size_exceeded tells a limit of ${told.limit} where ${limit} was given`);
    }),
});

/** Sizes of bombs. Large enough that taking the memory shows beside what the runtime does by itself, small enough to be quick. */
const BOMB_BYTES = 24 << 20;
const ALLOWED_BYTES = 6 << 20;

const takenBytes = () => process.memoryUsage().arrayBuffers;

/** What is taken before a measurement. Garbage that is collected in the middle of one hides as much as was taken; a runtime that collects on demand (`--expose-gc`) is asked to, elsewhere attempts are many. */
function takenBefore(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return takenBytes();
}

/** How often a measurement is made that garbage may hide. */
const ATTEMPTS = 5;

export const limitBeforeMemory = law({
  id: 'codec.limit-before-memory',
  kind: 'codec',
  promise: 'Calls `call.limits.claim` before it allocates output: a bomb is refused before its memory is taken.',
  // Only where the runtime tells how much memory stands behind its buffers.
  applies: () => typeof process !== 'undefined' && typeof process.memoryUsage === 'function',
  effort: 0.03,
  property: (codec) =>
    fc.asyncProperty(fc.nat(255), fc.constantFrom(0, 1, 1000), async (value, limit) => {
      const content = new Uint8Array(BOMB_BYTES).fill(value);
      const bomb = await outcomeOf(() => codec.compress(content));
      if (!bomb.ok) return;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const before = takenBefore();
        const outcome = await outcomeOf(() => codec.decompress(bomb.value, { maxOutputBytes: limit }));
        const taken = takenBytes() - before;
        promised(outcome.ok || taken < ALLOWED_BYTES, () => `${taken} bytes were taken to refuse ${content.length} bytes at a limit of ${limit}`);
      }
    }),
});

/** The contract's number. */
const PIECE_BYTES_MAX = 4 << 20;
/** What a reader that has taken one piece may have made the codec take. */
const AHEAD_BYTES = 2 * PIECE_BYTES_MAX;
/** Long enough for whatever computes ahead of its reader. */
const SLOW_MS = 15;

async function pullSlowly(codec: Codec, bomb: Uint8Array): Promise<void> {
  const before = takenBefore();
  const stream = codec.decompressStream([bomb])[Symbol.asyncIterator]();
  try {
    for (let pieces = 0; ; pieces++) {
      const next = await stream.next();
      if (next.done === true) return;
      promised(next.value.length <= PIECE_BYTES_MAX, () => `a piece of ${next.value.length} bytes came of ${bomb.length} bytes of input`);
      if (pieces > 1) continue;
      await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
      const taken = takenBytes() - before;
      promised(taken <= AHEAD_BYTES, () => `${taken} bytes were taken while their reader had asked for ${pieces + 1} pieces`);
    }
  } finally {
    await stream.return?.();
  }
}

export const piecesAreBounded = law({
  id: 'codec.bounded-pieces',
  kind: 'codec',
  promise: 'No piece of a push form is larger than 4 MiB, and its next piece is made when it is pulled: of a bomb, no more is in memory than was asked for.',
  // A codec without a push form of its own has its results in memory, which the limit for memory bounds.
  applies: (codec) => codec.capabilities.own.includes('decompressor') && typeof process !== 'undefined' && typeof process.memoryUsage === 'function',
  effort: 0.03,
  property: (codec) =>
    fc.asyncProperty(fc.nat(255), async (value) => {
      const bomb = await outcomeOf(() => codec.compress(new Uint8Array(BOMB_BYTES).fill(value)));
      if (!bomb.ok) return;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) await pullSlowly(codec, bomb.value);
    }),
});
