import type {
  Batch,
  ByteSource,
  Call,
  Capabilities,
  Chunk,
  Chunker,
  ChunkingKernel,
  ChunkList,
  ChunkParameters,
  Hints,
  KernelKind,
  PushChunker,
} from '../contracts/index.js';
import { kindOfValue } from '../bytes/arrays.js';
import { readBatch } from '../bytes/batches.js';
import { badInput, readableInput } from '../bytes/inputs.js';
import { Turn } from './awaitable.js';
import { Chunks, type Payload } from './chunk-list.js';
import { chunkStream } from './chunk-stream.js';
import { CheckedCutter, LengthList } from './cuts.js';
import { hintsFrom, readHints } from './hints.js';
import { fixedInTurns } from './fixed-input.js';
import { Operations, type Taken } from './operation.js';
import { cutInParallel, WINDOW_BYTES } from './parallel-cuts.js';
import { PushedChunks } from './push-chunker.js';

export { CheckedCutter };

const ofList = (list: ChunkList) => ({ outputBytes: 0, items: list.length });
const ofLists = (lists: readonly ChunkList[]) => ({ outputBytes: 0, items: lists.reduce((sum, list) => sum + list.length, 0) });
const ofLengths = (lengths: Uint32Array) => ({ outputBytes: 0, items: lengths.length });

/** A chunker with every operation, derived from the one promise of `nextCut`. */
export class TakenChunker implements Chunker {
  readonly kind = 'chunker';
  readonly name: string;
  readonly spec: string;
  readonly options: unknown;
  readonly profile?: string;
  readonly kernel: KernelKind;
  readonly capabilities: Capabilities;
  readonly minSize: number;
  readonly maxSize: number;
  readonly targetSize: number;
  readonly reach: number;
  readonly #cutter: CheckedCutter;
  readonly #operations: Operations;

  constructor(taken: Taken<ChunkingKernel<unknown>>, cutter: CheckedCutter) {
    this.name = taken.definition.name;
    this.spec = taken.spec;
    this.options = taken.options;
    if (taken.profile !== undefined) this.profile = taken.profile;
    this.kernel = taken.kernel.kind;
    const own = ['nextCut', ...(['cutAll', 'cutAllSync', 'open'] as const).filter((name) => typeof cutter.cutter[name] === 'function')];
    this.capabilities = Object.freeze({
      sync: true,
      parallel: taken.kernel.placement === 'away' && cutter.cutter.cutAll !== undefined,
      own: Object.freeze(own),
    });
    this.minSize = cutter.minSize;
    this.maxSize = cutter.maxSize;
    this.targetSize = cutter.targetSize;
    this.reach = cutter.reach;
    this.#cutter = cutter;
    this.#operations = new Operations(taken);
  }

  async chunk(data: Uint8Array, parameters?: ChunkParameters): Promise<ChunkList> {
    const fixed = fixedInTurns('chunker', data, parameters?.signal);
    const input = readableInput('chunker', fixed === undefined ? data : await fixed);
    const payload = readPayload(parameters);
    const hints = readHints(parameters, this.targetSize);
    const call = this.#operations.call(parameters);
    return this.#operations.run('chunk', input.length, parameters, async () => new Chunks(await this.#cut(input, true, hints, call), input, payload), ofList);
  }

  chunkSync(data: Uint8Array, parameters?: ChunkParameters): ChunkList {
    const input = readableInput('chunker', data);
    const payload = readPayload(parameters);
    const hints = readHints(parameters, this.targetSize);
    return this.#operations.runSync('chunk', input.length, parameters, () => new Chunks(this.#cutter.allSync(input, true, hints), input, payload), ofList);
  }

  async chunkMany(batch: Batch, parameters?: ChunkParameters): Promise<ChunkList[]> {
    const items = readBatch('chunker', batch);
    const payload = readPayload(parameters);
    const hints = readHints(parameters, this.targetSize);
    const call = this.#operations.call(parameters);
    const work = async () => {
      const lists: ChunkList[] = [];
      for (let index = 0; index < items.count; index++) {
        const item = items.at(index);
        lists.push(new Chunks(await this.#cut(item, true, hints, call), item, payload));
      }
      return lists;
    };
    return this.#operations.run('chunkMany', items.totalBytes, parameters, work, ofLists);
  }

  chunkManySync(batch: Batch, parameters?: ChunkParameters): ChunkList[] {
    const items = readBatch('chunker', batch);
    const payload = readPayload(parameters);
    const hints = readHints(parameters, this.targetSize);
    const work = () =>
      Array.from({ length: items.count }, (_, index) => {
        const item = items.at(index);
        return new Chunks(this.#cutter.allSync(item, true, hints), item, payload);
      });
    return this.#operations.runSync('chunkMany', items.totalBytes, parameters, work, ofLists);
  }

  chunkStream(source: ByteSource, parameters?: ChunkParameters): AsyncIterable<Chunk> {
    const open = () => {
      const payload = readPayload(parameters);
      const hints = readHints(parameters, this.targetSize);
      const call = this.#operations.call(parameters);
      const cut = (window: Uint8Array, isLast: boolean, at: number) => this.#cut(window, isLast, hintsFrom(hints, at, at + window.length), call);
      return chunkStream(this.#operations, cut, this.reach, source, payload, parameters);
    };
    return { [Symbol.asyncIterator]: open };
  }

  open(parameters?: ChunkParameters): PushChunker {
    this.#operations.taken.scope.life.check(this.name);
    return new PushedChunks(this.#operations, this.#cutter, readPayload(parameters), readHints(parameters, this.targetSize), parameters?.signal);
  }

  async cutWindow(window: Uint8Array, isLast: boolean, parameters?: ChunkParameters): Promise<Uint32Array> {
    const fixed = fixedInTurns('chunker', window, parameters?.signal);
    const input = readableInput('chunker', fixed === undefined ? window : await fixed, 'window');
    const hints = readHints(parameters, this.targetSize);
    const call = this.#operations.call(parameters);
    return this.#operations.run('cutWindow', input.length, parameters, () => this.#cut(input, isLast === true, hints, call), ofLengths);
  }

  /** Lengths of the chunks of the window: away where the kernel can, else here with turns for others in between. */
  async #cut(window: Uint8Array, isLast: boolean, hints: Hints | undefined, call: Call): Promise<Uint32Array> {
    const { cutter } = this.#cutter;
    const away =
      hints === undefined &&
      cutter.cutAll !== undefined &&
      (this.#operations.taken.kernel.placement === 'here' || this.#operations.goesAway('chunk', window.length));
    if (away) {
      const whole = window.length <= Math.max(WINDOW_BYTES, this.reach) || call.inPlace === true;
      if (whole) return (await this.#cutter.allAway(window, isLast, call)) as Uint32Array;
      return cutInParallel(this.#cutter, window, isLast, call);
    }
    if (hints === undefined && cutter.cutAllSync !== undefined && window.length <= WINDOW_BYTES) return this.#cutter.allSync(window, isLast, undefined);
    const list = new LengthList();
    const turn = new Turn();
    let position = 0;
    while (position < window.length && (isLast || window.length - position >= this.reach)) {
      const length = this.#cutter.at(window, position, hints);
      list.push(length);
      position += length;
      const pause = turn.over();
      if (pause === undefined) continue;
      await pause;
      if (call.signal?.aborted === true) throw call.signal.reason;
      this.#operations.taken.scope.life.goOn(this.name);
    }
    return list.finish();
  }
}

function readPayload(parameters: ChunkParameters | undefined): Payload {
  const payload: unknown = parameters?.payload ?? 'none';
  if (payload === 'none' || payload === 'view' || payload === 'copy') return payload;
  throw badInput('chunker', 'payload', typeof payload === 'string' ? payload.slice(0, 64) : kindOfValue(payload), 'none, view or copy');
}
