// What tests of every codec attack with: each way to decode, and what must hold there.
import type { ByteBatch, Codec, DecodeParameters } from '@chunker/core';
import { expect } from 'vitest';

type Decode = (codec: Codec, data: Uint8Array, limits: DecodeParameters, room: number) => Uint8Array | Promise<Uint8Array>;

/** Each way to decode; `room` bytes are there where a caller brings memory. */
export const DOORS: Readonly<Record<string, Decode>> = {
  decompress: (codec, data, limits) => codec.decompress(data, limits),
  decompressSync: (codec, data, limits) => codec.decompressSync(data, limits),
  decompressInto: async (codec, data, limits, room) => {
    const output = new Uint8Array(room);
    return output.subarray(0, await codec.decompressInto(data, output, limits));
  },
  decompressIntoSync: (codec, data, limits, room) => {
    const output = new Uint8Array(room);
    return output.subarray(0, codec.decompressIntoSync(data, output, limits));
  },
  decompressMany: async (codec, data, limits) => only(await codec.decompressMany([data], limits)),
  decompressManySync: (codec, data, limits) => only(codec.decompressManySync([data], limits)),
  decompressStream: (codec, data, limits) => gather(codec.decompressStream([data], limits)),
  'decompressStream in pieces': (codec, data, limits) => gather(codec.decompressStream(cut(data), limits)),
};

const only = (batch: ByteBatch): Uint8Array => batch.at(0);

async function gather(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const output: Uint8Array[] = [];
  for await (const bytes of stream) output.push(bytes);
  return new Uint8Array(Buffer.concat(output));
}

/** About a thousand pieces at most, of odd lengths. */
function* cut(data: Uint8Array): Generator<Uint8Array> {
  const size = 101 + Math.floor(data.length / 1000);
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

/** What a way of decoding comes to: its bytes, or what it fails with. */
export type Outcome = { readonly bytes: Uint8Array } | { readonly code: string; readonly details: Readonly<Record<string, unknown>> };

export async function outcomeOf(door: string, codec: Codec, data: Uint8Array, limits: DecodeParameters = {}, room = 1 << 20): Promise<Outcome> {
  try {
    return { bytes: await (DOORS[door] as Decode)(codec, data, limits, room) };
  } catch (error) {
    const { code = String(error), details = {} } = error as { code?: string; details?: Record<string, unknown> };
    return { code, details };
  }
}

/** What the decoder would have taken, where the outcome is `memory_limit_exceeded`. */
export const neededBytes = (outcome: Outcome): number => ('code' in outcome ? Number(outcome.details.needed) : Number.NaN);

/** Exactly `content` passes at its own length, and is refused at each shorter limit, by every door. */
export async function expectExactLimits(codec: Codec, data: Uint8Array, content: Uint8Array, shorter: readonly number[]): Promise<void> {
  for (const door of Object.keys(DOORS)) {
    const whole = await outcomeOf(door, codec, data, { maxOutputBytes: content.length }, content.length);
    expect('bytes' in whole && Buffer.compare(whole.bytes, content) === 0, `${door} at the limit: ${'code' in whole ? whole.code : 'other bytes'}`).toBe(true);
    for (const limit of shorter) {
      const outcome = await outcomeOf(door, codec, data, { maxOutputBytes: limit }, content.length);
      expect({ door, ...outcome }).toMatchObject({ door, code: 'size_exceeded', details: { limit } });
    }
  }
}

/** The code is that of `decompress`, by every door. Sizes that lie may make the caller's memory too small first. */
export async function expectSameEverywhere(codec: Codec, data: Uint8Array, what: string): Promise<string> {
  const limits = { maxOutputBytes: 1 << 30 };
  const told = async (door: string) => {
    const outcome = await outcomeOf(door, codec, data, limits);
    return 'code' in outcome ? outcome.code : Buffer.from(outcome.bytes).toString('latin1');
  };
  const first = await told('decompress');
  for (const door of Object.keys(DOORS)) {
    const code = await told(door);
    if (code === 'output_too_small' && door.includes('Into')) continue;
    expect({ what, door, code }).toEqual({ what, door, code: first });
  }
  return first;
}

/** Milliseconds that this process spends on CPUs, all of its threads together, until `work` has ended: what else the machine does is not in them. */
export async function cpuTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The least of some measurements: what threads do that have nothing to do with it, such as collecting garbage, can only add. */
export async function least(rounds: number, work: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) best = Math.min(best, await cpuTime(work));
  return best;
}

/** What a process may grow by for reasons of its own, without another look. */
const UNREMARKABLE = 8 << 20;

/**
 * By how many bytes the process grew while `work` was done again and again; garbage is collected before and after. The least of three times, unless the first is little: what leaks does so each time, what the
 * runtime takes for its own use it takes once.
 */
export async function growth(warmups: number, rounds: number, work: (round: number) => Promise<void>): Promise<number> {
  const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});
  for (let round = 0; round < warmups; round++) await work(round);
  let grown = Number.POSITIVE_INFINITY;
  for (let time = 0; time < 3 && grown > UNREMARKABLE; time++) {
    collect();
    const before = process.memoryUsage().rss;
    for (let round = 0; round < rounds; round++) await work(warmups + time * rounds + round);
    collect();
    grown = Math.min(grown, process.memoryUsage().rss - before);
  }
  return grown;
}
