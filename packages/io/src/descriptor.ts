// What another program holds open for us, such as standard input: read in order, once, from where it stands.
import { IoError } from '@chunker/core';
import { type BigIntStats, fstatSync, read } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { isatty, ReadStream } from 'node:tty';
import { fileError, fromNode } from './errors.js';
import { persist } from './persist.js';
import type { WindowSource } from './source.js';

/** Never aborts. */
const UNENDING = new AbortController().signal;

/** What a pipe holds on Linux. */
const PIECE_BYTES = 64 * 1024;
/** The longest single read of a file: an abort is looked at between two. */
const SLICE_BYTES = 4 * 1024 * 1024;
/** Who reads eagerly waits no longer than this for more, once there is as much as a pipe holds. */
const PATIENCE_MS = 50;

/**
 * An open descriptor as windows, in order from where it stands. Bytes of a pipe, socket or terminal are waited for in the event loop: neither polled for nor in a system call that no exit could end;
 * `close` closes it. A file or device stays open. `name` is for messages. Throws IoError: `is_directory`, or what the system says.
 */
export function openDescriptorSource(fd: number, name = `descriptor ${fd}`): WindowSource {
  const facts = factsOf(fd, name);
  if (facts.isDirectory()) throw fileError('is_directory', { path: name });
  if (facts.isFIFO() || facts.isSocket() || isatty(fd)) return new FlowingSource(fd, name);
  return new SteadySource(fd, name, facts);
}

function factsOf(fd: number, name: string): BigIntStats {
  try {
    // As integers: Node 20 takes the last facts that were numbers for those of a path that it resolves, and after a pipe's no import follows a link.
    return fstatSync(fd, { bigint: true });
  } catch (error) {
    throw fromNode(error, name);
  }
}

/** Windows that are filled one after the other, however many are asked for. */
abstract class InTurn implements WindowSource {
  readonly size = undefined;
  #last: Promise<unknown> = Promise.resolve();

  fill(window: Uint8Array, signal: AbortSignal = UNENDING, eager = false): Promise<number> {
    const filling = this.#last.then(() => {
      signal.throwIfAborted();
      return this.fillNext(window, signal, eager);
    });
    this.#last = filling.catch(() => {});
    return filling;
  }

  abstract close(): Promise<void>;
  protected abstract fillNext(window: Uint8Array, signal: AbortSignal, eager: boolean): Promise<number>;
}

interface Waiting {
  readonly window: Uint8Array;
  filled: number;
  readonly settle: () => void;
}

/**
 * A pipe, socket or terminal. The runtime reads into one piece of memory that is used again and again, and copied from at once: a stream would make a buffer for each 64 KiB, and what the collector has
 * not taken yet of those is tens of megabytes.
 */
class FlowingSource extends InTurn {
  readonly #socket: Socket;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  /** The part of the piece that has not been asked for yet. Numbers, not a view: thousands a second of those make the collector keep what would be dead a moment later. */
  #from = 0;
  #to = 0;
  #waiting: Waiting | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(fd: number, name: string) {
    super();
    this.#socket = openSocket(fd, name, { buffer: this.#piece, callback: (bytes) => this.#arrived(bytes) });
    this.#socket.on('end', () => {
      this.#ended = true;
      this.#waiting?.settle();
    });
    this.#socket.on('error', (error) => this.#fail(fromNode(error, name)));
    this.#socket.on('close', () => this.#fail(new IoError('already_finished', { operation: 'read' })));
  }

  /** Nothing will follow. */
  get ended(): boolean {
    return this.#ended && this.#from === this.#to;
  }

  async close(): Promise<void> {
    this.#socket.destroy();
  }

  protected async fillNext(window: Uint8Array, signal: AbortSignal, eager: boolean): Promise<number> {
    const taken = this.#takeRest(window, 0);
    if (taken === window.length || this.#ended) return taken;
    const filled = await this.#wait(window, taken, signal, eager);
    signal.throwIfAborted();
    if (this.#failure !== undefined && !this.#ended) throw this.#failure.error;
    return filled;
  }

  #wait(window: Uint8Array, taken: number, signal: AbortSignal, eager: boolean): Promise<number> {
    return new Promise((resolve) => {
      const patience = eager ? setInterval(look, PATIENCE_MS) : undefined;
      const settle = () => {
        clearInterval(patience);
        signal.removeEventListener('abort', settle);
        // Nothing is written to the window from here on.
        this.#waiting = undefined;
        this.#socket.pause();
        resolve(waiting.filled);
      };
      const waiting: Waiting = { window, filled: taken, settle };
      let seen = -1;
      function look() {
        if (waiting.filled >= PIECE_BYTES && waiting.filled === seen) settle();
        seen = waiting.filled;
      }
      this.#waiting = waiting;
      signal.addEventListener('abort', settle, { once: true });
      if (this.#failure === undefined) this.#socket.resume();
      else settle();
    });
  }

  /** Bytes have come into the piece; false ends reading until the next window is asked for. */
  #arrived(bytes: number): boolean {
    this.#from = 0;
    this.#to = bytes;
    const waiting = this.#waiting;
    if (waiting === undefined) return false;
    waiting.filled += this.#takeRest(waiting.window, waiting.filled);
    if (waiting.filled < waiting.window.length) return true;
    waiting.settle();
    return false;
  }

  /** Copies to `window` from `at` on what there is room for; answers how much. */
  #takeRest(window: Uint8Array, at: number): number {
    const bytes = Math.min(this.#to - this.#from, window.length - at);
    const isWhole = bytes === this.#piece.length;
    window.set(isWhole ? this.#piece : this.#piece.subarray(this.#from, this.#from + bytes), at);
    this.#from += bytes;
    return bytes;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#waiting?.settle();
  }
}

/** Where the runtime puts what it reads, and whom it tells. */
interface Onread {
  readonly buffer: Uint8Array;
  readonly callback: (bytes: number) => boolean;
}

/** Both constructors take `onread`; the types know it of connecting sockets only. */
function openSocket(fd: number, name: string, onread: Onread): Socket {
  const options: SocketConstructorOpts & { readonly onread: Onread } = { readable: true, writable: false, onread };
  try {
    return isatty(fd) ? new ReadStream(fd, options) : new Socket({ ...options, fd });
  } catch (error) {
    throw fromNode(error, name);
  }
}

/** A file or device: read by libuv's threads, straight into the window. A file that is another at its end than it was at first is `file_changed`. */
class SteadySource extends InTurn {
  readonly #fd: number;
  readonly #name: string;
  readonly #facts: BigIntStats;

  constructor(fd: number, name: string, facts: BigIntStats) {
    super();
    this.#fd = fd;
    this.#name = name;
    this.#facts = facts;
  }

  async close(): Promise<void> {}

  protected async fillNext(window: Uint8Array, signal: AbortSignal): Promise<number> {
    let filled = 0;
    while (filled < window.length) {
      signal.throwIfAborted();
      const bytes = await this.#read(window.subarray(filled, filled + SLICE_BYTES), signal);
      if (bytes === 0) {
        this.#checkUnchanged();
        break;
      }
      filled += bytes;
    }
    return filled;
  }

  #checkUnchanged(): void {
    if (!this.#facts.isFile()) return;
    const { size, mtimeNs } = factsOf(this.#fd, this.#name);
    // What says that it is empty and is not, as proc has it, has no times that tell.
    if (this.#facts.size > 0n && (size !== this.#facts.size || mtimeNs !== this.#facts.mtimeNs)) throw fileError('file_changed', { path: this.#name });
  }

  async #read(into: Uint8Array, signal: AbortSignal): Promise<number> {
    const once = () =>
      new Promise<number>((resolve, reject) => {
        read(this.#fd, into, 0, into.length, null, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
      });
    try {
      return await persist(once, signal);
    } catch (error) {
      throw fromNode(error, this.#name);
    }
  }
}
