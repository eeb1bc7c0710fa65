import { RegistryError } from '../errors/index.js';
import { kindOfValue } from '../bytes/arrays.js';
import type { MemoryLimits } from './settings.js';

/** Memory that somebody was granted. */
export interface Reservation {
  readonly bytes: number;
  /** Asks for `bytes` more, at once or not at all: who holds memory must not wait for memory. Throws `memory_limit_exceeded`. */
  grow(bytes: number): void;
  /** Gives everything back. Twice is nothing. */
  release(): void;
}

/** A cache, or spare buffers: memory that can be let go of when there is little. */
export interface Holder {
  /** Lets go of about `bytes` bytes, or of less where there is less. Called in the middle of somebody else's work: quick, and it does not throw. */
  shrink(bytes: number): void;
}

/** What a holder holds, as the budget knows it. */
export interface Holding {
  /** Says how much is held now. */
  set(bytes: number): void;
  /** Nothing is held any more. Twice is nothing. */
  end(): void;
}

/** How much memory is in use, by the estimates of what reserved it. */
export interface MemoryReport {
  readonly currentBytes: number;
  readonly peakBytes: number;
  /** Operations and runs that hold some. */
  readonly count: number;
  /** Operations and runs that wait for some. */
  readonly waiting: number;
  /** What caches and spare buffers hold, part of `currentBytes`. */
  readonly heldBytes: number;
  /** How often caches and spare buffers were asked to let go. */
  readonly shrinks: number;
  readonly softLimitBytes?: number;
  readonly hardLimitBytes?: number;
  readonly maxBufferBytes?: number;
}

/** What `reserve` is told besides the bytes. */
export interface ReserveSettings {
  /** Ends the wait; it rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Who asks, for the error: `zstd`, `compress`. */
  readonly algorithm?: string | undefined;
  readonly operation?: string | undefined;
}

/** The memory of a registry, as an application sees it. */
export interface Memory {
  report(): MemoryReport;
  /**
   * Sets `bytes` bytes of the budget aside before they are allocated. Waits, first come first served, while others hold too much; what is over the hard limit by itself is
   * `memory_limit_exceeded` at once. Handed to calls as `reservation`, they take nothing more.
   */
  reserve(bytes: number, settings?: ReserveSettings): Promise<Reservation>;
  /** Makes a cache known, so that its memory counts and it is asked to shrink above the soft limit. */
  hold(holder: Holder): Holding;
  /** Throws `memory_limit_exceeded` where one buffer of so many bytes would be over the limit for buffers. */
  checkBuffer(bytes: number, settings?: ReserveSettings): void;
}

interface Waiting {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * Counts memory that work says it will need, before it allocates. Above the soft limit holders shrink; up to the hard limit work waits its turn. Nothing here measures: estimates stand for what is really
 * allocated, and what is a few kilobytes is not counted.
 */
export class MemoryBudget implements Memory {
  readonly limits: MemoryLimits;
  /** Whether anything is limited: without limits small calls need not be estimated. */
  readonly limited: boolean;
  readonly #holders = new Map<Holder, { bytes: number }>();
  readonly #queue: Waiting[] = [];
  #current = 0;
  #held = 0;
  #peak = 0;
  #count = 0;
  #shrinks = 0;
  #serving = false;

  constructor(limits: MemoryLimits) {
    this.limits = limits;
    this.limited = Math.min(limits.soft, limits.hard, limits.buffer) !== Number.POSITIVE_INFINITY;
  }

  report(): MemoryReport {
    const { soft, hard, buffer } = this.limits;
    return {
      currentBytes: this.#current,
      peakBytes: this.#peak,
      count: this.#count,
      waiting: this.#queue.length,
      heldBytes: this.#held,
      shrinks: this.#shrinks,
      ...(soft === Number.POSITIVE_INFINITY ? {} : { softLimitBytes: soft }),
      ...(hard === Number.POSITIVE_INFINITY ? {} : { hardLimitBytes: hard }),
      ...(buffer === Number.POSITIVE_INFINITY ? {} : { maxBufferBytes: buffer }),
    };
  }

  async reserve(bytes: number, settings: ReserveSettings = {}): Promise<Reservation> {
    settings.signal?.throwIfAborted();
    return this.take(bytes, settings) ?? this.#wait(bytes, settings.signal);
  }

  /** The same at once, or undefined where it must be waited for. */
  take(bytes: number, settings: ReserveSettings = {}): Reservation | undefined {
    this.#check(bytes, settings);
    if (this.#queue.length > 0 || !this.#makeRoom(bytes)) return undefined;
    return this.#grant(bytes);
  }

  /** The same at once or not at all: where nothing can be waited for. Throws `memory_limit_exceeded`. */
  takeNow(bytes: number, settings: ReserveSettings = {}): Reservation {
    this.#check(bytes, settings);
    if (!this.#makeRoom(bytes)) throw this.#exceeded(this.#current + bytes, settings);
    return this.#grant(bytes);
  }

  hold(holder: Holder): Holding {
    const entry = { bytes: 0 };
    this.#holders.set(holder, entry);
    const set = (bytes: number) => {
      const more = bytes - entry.bytes;
      entry.bytes = bytes;
      this.#held += more;
      this.#add(more);
      if (more > 0) this.#keepSoft();
    };
    return {
      set: (bytes) => {
        if (this.#holders.get(holder) === entry) set(bytes);
      },
      end: () => {
        if (this.#holders.get(holder) !== entry) return;
        set(0);
        this.#holders.delete(holder);
      },
    };
  }

  checkBuffer(bytes: number, settings: ReserveSettings = {}): void {
    if (bytes > this.limits.buffer) throw memoryError('buffer', this.limits.buffer, bytes, settings);
  }

  #check(bytes: number, settings: ReserveSettings): void {
    if (!(bytes >= 0)) throw new RegistryError('invalid_input', { name: 'bytes', value: describe(bytes), expected: 'a number of bytes' });
    if (bytes > this.limits.hard) throw this.#exceeded(bytes, settings);
  }

  #exceeded(needed: number, settings: ReserveSettings): Error {
    return memoryError('budget', this.limits.hard, needed, settings);
  }

  #grant(bytes: number): Reservation {
    let held = bytes;
    let released = false;
    this.#count += 1;
    this.#add(bytes);
    this.#keepSoft();
    return {
      get bytes() {
        return held;
      },
      grow: (more) => {
        if (released) throw new RegistryError('already_finished', { operation: 'grow' });
        if (!this.#makeRoom(more)) throw this.#exceeded(this.#current + more, {});
        held += more;
        this.#add(more);
        this.#keepSoft();
      },
      release: () => {
        if (released) return;
        released = true;
        this.#count -= 1;
        this.#add(-held);
      },
    };
  }

  #wait(bytes: number, signal: AbortSignal | undefined): Promise<Reservation> {
    return new Promise((resolve, reject) => {
      const forget = () => signal?.removeEventListener('abort', abort);
      const waiting = {
        bytes,
        grant: () => {
          forget();
          resolve(this.#grant(bytes));
        },
      };
      const abort = () => {
        forget();
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(signal?.reason);
        // Whoever stood behind may fit.
        this.#serve();
      };
      this.#queue.push(waiting);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #add(bytes: number): void {
    this.#current += bytes;
    if (this.#current > this.#peak) this.#peak = this.#current;
    if (bytes < 0) this.#serve();
  }

  #serve(): void {
    // A holder that shrinks to make room for the first comes back here.
    if (this.#serving) return;
    this.#serving = true;
    for (let next = this.#queue[0]; next !== undefined && this.#makeRoom(next.bytes); next = this.#queue[0]) {
      this.#queue.shift();
      next.grant();
    }
    this.#serving = false;
  }

  /** Whether so many bytes fit under the hard limit, when need be after the holders have shrunk. */
  #makeRoom(bytes: number): boolean {
    if (this.#current + bytes <= this.limits.hard) return true;
    // Not where it would be of no use: a cache is not emptied for work that has to wait all the same.
    if (this.#current - this.#held + bytes <= this.limits.hard) this.#shrink(this.#current + bytes - this.limits.hard);
    return this.#current + bytes <= this.limits.hard;
  }

  #keepSoft(): void {
    if (this.#current > this.limits.soft && this.#held > 0) this.#shrink(this.#current - this.limits.soft);
  }

  #shrink(bytes: number): void {
    this.#shrinks += 1;
    const goal = this.#current - bytes;
    for (const holder of [...this.#holders.keys()]) {
      if (this.#current <= goal) return;
      holder.shrink(this.#current - goal);
    }
  }
}

function memoryError(scope: 'budget' | 'buffer', limit: number, needed: number, { algorithm, operation }: ReserveSettings): Error {
  return new RegistryError('memory_limit_exceeded', {
    scope,
    limit,
    needed,
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(operation === undefined ? {} : { operation }),
  });
}

function describe(value: unknown): string {
  return typeof value === 'number' ? String(value) : kindOfValue(value);
}
