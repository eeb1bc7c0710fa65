import { ChunkerError, isChunkerError } from '../errors/index.js';
import type { Abortable } from '../scope/lifetime.js';
import { type Watch, watchOf } from '../scope/watch.js';
import { offerExecutorCounters } from '../runtime/executor-figures.js';
import { offerSlabMemory } from '../slabs/pool.js';
import type { Addon } from './addon.js';
import { faultError, type MakeError, plainError, thrownError } from './faults.js';
import { checkInput, type Crossing, crossing, isUnfixed } from './inputs.js';
import { nativeSlabPool, type Slab, type SlabPool, takeNative } from './slabs.js';

/** How one call runs. */
export interface RunOptions {
  /** What the job reads. Copied, unless it is a slab's view or `inPlace`. */
  readonly input?: Uint8Array | undefined;
  /** What the job writes to (`…Into`): pass it on to the operation. The promise answers the number of bytes written. */
  readonly into?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The caller promises that `input` and `into` are fixed and stay untouched until the promise settles. */
  readonly inPlace?: boolean | undefined;
  /** The queue of the registry; see `createQueue`. Default: everybody's. */
  readonly queue?: number | undefined;
  /** How urgent it is among those that wait: 0 (default) to 7, which goes first. */
  readonly priority?: number | undefined;
  /** Kept from the garbage collector until the promise settles. */
  readonly keep?: unknown;
  /** Makes the errors; default `ChunkerError`. */
  readonly makeError?: MakeError | undefined;
}

/** Starts an operation of an addon: `(ticket, input) => addon.hash(ticket, input, …)`. */
export type Start = (ticket: number, input: Uint8Array) => void;

/** A job in flight. An abort of its signal asks it to stop; it is answered when it has. */
class Pending implements Abortable {
  readonly #cancel: (slot: number) => void;
  readonly #slot: number;
  readonly #watch: Watch | undefined;
  readonly #place: number;

  constructor(
    readonly resolve: (value: never) => void,
    readonly reject: (reason: unknown) => void,
    readonly options: RunOptions,
    readonly crossing: Crossing,
    slot: number,
    cancel: (slot: number) => void,
  ) {
    this.#slot = slot;
    this.#cancel = cancel;
    this.#watch = options.signal === undefined ? undefined : watchOf(options.signal);
    this.#place = this.#watch?.add(this) ?? -1;
  }

  abort(): void {
    this.#cancel(this.#slot);
  }

  leave(): void {
    this.#watch?.remove(this.#place);
    this.crossing.slab?.end();
  }
}

/** Jobs in flight per environment; more wait for a slot. */
const SLOTS = 16384;
/** Slots of one channel are numbered below this in a ticket. */
const TICKET_BASE = 65536;
/** Completions per call; a drain of more makes several calls. */
const RING = 1024;
/** An entry of the ring in words: slot, status, number in two, and 64 bytes for a small result, which would be five times as dear as a value of its own. */
const ENTRY = 20;
const ENTRY_BYTES_AT = 16;

const STATUS_FAULT = 1;
const STATUS_CANCELLED = 2;
const STATUS_MASK = 3;
const HAS_PAYLOAD = 4;
const HAS_NOTHING = 8;
const HAS_BYTES = 16;

const EMPTY = new Uint8Array(0);

/** One environment's side of the completion channel (the other: native/support/src/channel.rs). */
export class Room {
  /** Slabs whose views cross the border without a copy. */
  readonly slabs: SlabPool;
  readonly #addon: Addon;
  readonly #channel: number;
  readonly #ring = new Uint32Array(RING * ENTRY);
  readonly #numbers = new Float64Array(this.#ring.buffer);
  readonly #bytes = new Uint8Array(this.#ring.buffer);
  readonly #slots = new Uint32Array(SLOTS * 2);
  readonly #pending: (Pending | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #cancel = (slot: number) => this.#addon.channelCancel(this.#channel, slot);

  constructor(addon: Addon) {
    this.#addon = addon;
    this.slabs = nativeSlabPool(addon);
    this.#channel = addon.channelOpen((count, payloads) => this.#settle(count, payloads), this.#ring, this.#slots);
  }

  /**
   * Runs an operation as a job and answers its result. `start` is called with a ticket and with the input in the form in which it crosses.
   * Rejects with `signal.reason` itself after the job has ended, with `invalid_input` for detached input, else with what the job failed with.
   */
  run<T>(start: Start, options: RunOptions = {}): Promise<T> {
    try {
      options.signal?.throwIfAborted();
      if (options.into !== undefined) checkInput(options.into, 'into');
      if (options.input === undefined) return this.#launch(start, { bytes: EMPTY }, options);
      checkInput(options.input, 'input');
      if (options.inPlace === true) return this.#launch(start, inPlace(options), options);
      const ready = crossing(options.input, this.slabs, nextTurn);
      if (ready instanceof Promise) return ready.then((copied) => this.#launch<T>(start, copied, options));
      return this.#launch(start, ready, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #launch<T>(start: Start, crossing: Crossing, options: RunOptions): Promise<T> {
    const slot = this.#free.pop() ?? this.#pending.length;
    if (slot >= SLOTS) return this.#launchLater(start, crossing, options);
    return new Promise<T>((resolve, reject) => {
      const pending = new Pending(resolve, reject, options, crossing, slot, this.#cancel);
      this.#pending[slot] = pending;
      this.#slots[2 * slot] = (options.inPlace === true ? 1 : 0) | ((options.priority ?? 0) << 8);
      this.#slots[2 * slot + 1] = options.queue ?? 0;
      try {
        options.signal?.throwIfAborted();
        start(this.#channel * TICKET_BASE + slot, crossing.bytes);
      } catch (thrown) {
        this.#leave(slot, pending);
        reject(thrownError(thrown, options.makeError ?? plainError));
        return;
      }
    });
  }

  async #launchLater<T>(start: Start, crossing: Crossing, options: RunOptions): Promise<T> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
    return this.#launch(start, crossing, options);
  }

  #leave(slot: number, pending: Pending): void {
    this.#pending[slot] = undefined;
    this.#free.push(slot);
    pending.leave();
    if (this.#waiting.length > 0) this.#waiting.shift()?.();
  }

  #settle(count: number, payloads: unknown[] | undefined): void {
    for (let i = 0; i < count; i++) {
      const slot = this.#ring[ENTRY * i] as number;
      const status = this.#ring[ENTRY * i + 1] as number;
      const pending = this.#pending[slot];
      if (pending === undefined) continue;
      this.#leave(slot, pending);
      if ((status & HAS_BYTES) !== 0 && pending.options.into !== undefined && this.#wrote(i, pending)) continue;
      settleOne(pending, status & STATUS_MASK, this.#valueOf(i, status, payloads));
    }
  }

  /** A small result for the caller's memory, without an array in between. False where that is not what is to happen. */
  #wrote(i: number, { resolve, options }: Pending): boolean {
    const { into, signal } = options;
    const length = this.#numbers[(ENTRY / 2) * i + 1] as number;
    if (into === undefined || into.length < length || signal?.aborted === true) return false;
    const at = 4 * ENTRY * i + ENTRY_BYTES_AT;
    for (let k = 0; k < length; k++) into[k] = this.#bytes[at + k] as number;
    resolve(length as never);
    return true;
  }

  #valueOf(i: number, status: number, payloads: unknown[] | undefined): unknown {
    const number = this.#numbers[(ENTRY / 2) * i + 1] as number;
    if (status & HAS_PAYLOAD) return payloads?.[number];
    if (status & HAS_NOTHING) return undefined;
    if (!(status & HAS_BYTES)) return number;
    const at = 4 * ENTRY * i + ENTRY_BYTES_AT;
    return this.#bytes.slice(at, at + number);
  }
}

function settleOne({ resolve, reject, options }: Pending, status: number, value: unknown): void {
  const { signal, makeError = plainError } = options;
  if (signal?.aborted === true) reject(signal.reason);
  else if (status === STATUS_FAULT) reject(faultError(...(value as [string, string, string]), makeError));
  else if (status === STATUS_CANCELLED) reject(makeError('aborted', {}, {}));
  else if (options.into !== undefined && value instanceof Uint8Array) deliver(value, options.into, resolve, reject);
  else resolve(value as never);
}

/** Native code staged the result, because it must not write to memory that its owner may take away. */
function deliver(staged: Uint8Array, into: Uint8Array, resolve: (value: never) => void, reject: (reason: unknown) => void): void {
  if (into.byteLength < staged.byteLength) {
    reject(new ChunkerError('invalid_input', { name: 'into', value: 'detached or shrunk', expected: 'memory that stays until the call settles' }));
    return;
  }
  into.set(staged);
  resolve(staged.byteLength as never);
}

function inPlace(options: RunOptions): Crossing {
  for (const name of ['input', 'into'] as const) {
    const view = options[name];
    if (view !== undefined && isUnfixed(view)) {
      throw new ChunkerError('invalid_input', { name, value: 'resizable or shared', expected: 'a fixed buffer, because inPlace was asked for' });
    }
  }
  return { bytes: options.input ?? EMPTY };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Rooms of this environment by executor: several only when joining failed. On globalThis, because several copies of core share the environment. */
const ROOMS = Symbol.for('chunker.channel.1');

/** The room of this environment for the executor that the addon uses. */
export function openRoom(addon: Addon): Room {
  const shared = globalThis as { [ROOMS]?: Map<number, Room> };
  shared[ROOMS] ??= new Map();
  const id = addon.executorId();
  let room = shared[ROOMS].get(id);
  if (room === undefined) {
    room = new Room(addon);
    shared[ROOMS].set(id, room);
    offerSlabMemory({ take: (bytes) => takeIfThere(addon, bytes) });
    offerExecutorCounters({ measure: (begin) => addon.executorMeasure(begin), counts: () => addon.executorFigures() });
  }
  return room;
}

/** What core's own slab pools ask for: they know what to do when there is none. */
function takeIfThere(addon: Addon, bytes: number): Slab | undefined {
  try {
    return takeNative(addon, bytes);
  } catch (error) {
    if (isChunkerError(error, 'out_of_memory')) return undefined;
    throw error;
  }
}
