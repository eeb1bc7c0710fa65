import type { ByteBatch, Call, DecodeCall } from '../contracts/index.js';
import { gather, groups, type Items } from '../bytes/batches.js';
import { disown, isThenable } from '../bytes/results.js';
import { asPluginError, isOurs } from '../errors/areas.js';
import { CompressionError, isChunkerError } from '../errors/index.js';
import { Turn } from './awaitable.js';
import { BatchCollector } from './byte-batch.js';
import { checkedBatch, type Direction, type RawCodec } from './raw-codec.js';

/** One crossing of a batch carries at most so much: very large batches are worked through in windows of bounded memory. */
const CROSSING_BYTES = 16 * 1024 * 1024;
/** How far items may run ahead of the first that is not done: results wait in order, and a million of them must not wait for one. */
const AHEAD_ITEMS = 1024;
/** Items of a batch that are away at once where a kernel has no batch method of its own. */
const IN_FLIGHT = 8;
/** What the results of one batch may weigh together, unless a single item may weigh more. */
const BATCH_BYTES = 1024 ** 3;

/** A batch through a codec: the kernel's own method by windows, else item by item; each item succeeds or fails for itself. */
export async function codecMany(raw: RawCodec, direction: Direction, items: Items, call: Call): Promise<ByteBatch> {
  const collector = new BatchCollector(items.lengths, items.totalBytes);
  const own = raw.many(direction, false);
  const twin = raw.many(direction, true);
  const large = items.lengths.reduce((count, length) => count + (length > raw.taken.scope.settings.smallWork.itemBytes ? 1 : 0), 0);
  const stay = raw.taken.kernel.placement === 'away' && twin !== undefined && !raw.operations.goesAway(direction, items.totalBytes, large);
  const method = stay ? twin : own;
  if (method !== undefined) {
    for (const [from, to] of groups(items, CROSSING_BYTES)) {
      const { buffer, ranges } = gather(items, from, to);
      const output = checkedBatch(await method(buffer, ranges, raw.taken.options, call), to - from);
      collectRun(raw, direction, collector, from, output, call);
      raw.taken.scope.life.goOn(raw.taken.definition.name);
    }
    return collector.finish();
  }
  await itemByItem(raw, direction, items, call, collector);
  return collector.finish();
}

/** The same on the calling thread. */
export function codecManySync(raw: RawCodec, direction: Direction, items: Items, call: Call): ByteBatch {
  const collector = new BatchCollector(items.lengths, items.totalBytes);
  const own = raw.many(direction, true);
  if (own !== undefined) {
    for (const [from, to] of groups(items, CROSSING_BYTES)) {
      const { buffer, ranges } = gather(items, from, to);
      const output = own(buffer, ranges, raw.taken.options, call);
      if (isThenable(output)) {
        disown(output);
        throw raw.operations.syncUnavailable(`${direction}Many`);
      }
      collectRun(raw, direction, collector, from, checkedBatch(output as Awaited<typeof output>, to - from), call);
    }
    return collector.finish();
  }
  for (let index = 0; index < items.count; index++) {
    try {
      collect(raw, direction, collector, index, raw.wholeSync(direction, items.at(index), call), call);
    } catch (thrown) {
      // That nothing works synchronously is the call's failure, not the item's.
      if (isChunkerError(thrown, 'sync_unavailable')) throw thrown;
      collector.failed(index, itemError(raw, direction, thrown));
    }
  }
  return collector.finish();
}

async function itemByItem(raw: RawCodec, direction: Direction, items: Items, call: Call, collector: BatchCollector): Promise<void> {
  const turn = new Turn();
  let next = 0;
  let waiting: (() => void)[] = [];
  const worker = async () => {
    while (next < items.count) {
      if (next - collector.next >= AHEAD_ITEMS) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        continue;
      }
      const index = next++;
      if (call.signal?.aborted === true) throw call.signal.reason;
      raw.taken.scope.life.goOn(raw.taken.definition.name);
      try {
        collect(raw, direction, collector, index, await raw.whole(direction, items.at(index), call), call);
      } catch (thrown) {
        collector.failed(index, itemError(raw, direction, thrown));
      }
      const ahead = waiting;
      waiting = [];
      for (const resume of ahead) resume();
      const over = turn.over();
      if (over !== undefined) await over;
    }
  };
  // One scratch is for one task: items that share it go one after the other.
  const workers = raw.taken.kernel.placement === 'away' && call.scratch === undefined ? Math.min(IN_FLIGHT, items.count) : 1;
  await Promise.all(Array.from({ length: workers }, worker));
}

function collect(raw: RawCodec, direction: Direction, collector: BatchCollector, index: number, bytes: Uint8Array, call: Call): void {
  if (bytes.length > 0xffff_ffff)
    throw new CompressionError('size_exceeded', { algorithm: raw.taken.definition.name, operation: direction, limit: 0xffff_ffff });
  const limit = batchLimit(direction, call);
  if (collector.totalBytes + bytes.length > limit) {
    throw new CompressionError('size_exceeded', { algorithm: raw.taken.definition.name, operation: direction, limit });
  }
  collector.item(index, bytes);
}

function collectRun(
  raw: RawCodec,
  direction: Direction,
  collector: BatchCollector,
  from: number,
  output: { readonly buffer: Uint8Array; readonly lengths: Uint32Array; readonly errors: ReadonlyMap<number, Error> },
  call: Call,
): void {
  const errors = new Map([...output.errors].map(([index, error]) => [index, itemError(raw, direction, error)]));
  if (direction === 'decompress') {
    const { maxOutputBytes } = (call as DecodeCall).limits;
    const over = output.lengths.findIndex((length) => length > maxOutputBytes);
    if (over !== -1) throw new CompressionError('size_exceeded', { algorithm: raw.taken.definition.name, operation: direction, limit: maxOutputBytes });
  }
  collector.run(from, output.buffer, output.lengths, errors);
  const limit = batchLimit(direction, call);
  if (collector.totalBytes > limit) throw new CompressionError('size_exceeded', { algorithm: raw.taken.definition.name, operation: direction, limit });
}

function batchLimit(direction: Direction, call: Call): number {
  return direction === 'compress' ? Number.POSITIVE_INFINITY : Math.max(BATCH_BYTES, (call as DecodeCall).limits.maxOutputBytes);
}

function itemError(raw: RawCodec, operation: Direction, thrown: unknown): Error {
  if (isOurs(thrown)) return thrown;
  return asPluginError('codec', { algorithm: raw.taken.definition.name, operation }, thrown);
}
