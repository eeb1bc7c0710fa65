import { constants, fstatSync, openSync, write } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';
import { ClosedPipe } from './failure.js';
import { bytesOf, printable } from './names.js';

/**
 * A file descriptor written in order and with back-pressure. Not `process.stdout`: that writes pipes synchronously, and a slow reader would stop the event loop and with it Ctrl-C.
 */
export class Output {
  readonly isTerminal: boolean;
  readonly #fd: number;
  readonly #writeAll: (bytes: Uint8Array) => Promise<void>;
  #tail: Promise<void> = Promise.resolve();

  constructor(fd: number) {
    this.isTerminal = isatty(fd);
    this.#fd = fd;
    this.#writeAll = isPipe(fd) ? pipeWriter(fd) : (bytes) => writeFile(fd, bytes);
  }

  /** Writes all of it; rejects with `ClosedPipe` when nobody reads any more. */
  write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? bytesOf(data) : data;
    this.#tail = this.#tail.then(() => this.#writeAll(bytes));
    this.#tail.catch(() => {});
    return this.#tail;
  }

  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** Columns that lines may take: those of the terminal, 100 at most for the eye's sake; 80 in a log. */
  get columns(): number {
    if (!this.isTerminal) return 80;
    return Math.min((this.#fd === 2 ? process.stderr : process.stdout).columns || 80, 100);
  }

  /** A name as it belongs here: its own bytes, or on a terminal what cannot speak to the terminal. */
  name(name: string): string {
    return this.isTerminal ? printable(name) : name;
  }

  flushed(): Promise<void> {
    return this.#tail;
  }
}

function isPipe(fd: number): boolean {
  try {
    // As integers: Node 20 takes the last facts that were numbers for those of a path that it resolves, and after a pipe's no import follows a link.
    const facts = fstatSync(fd, { bigint: true });
    return facts.isFIFO() || facts.isSocket();
  } catch {
    return false;
  }
}

/** A write to a full pipe waits in the event loop. On libuv's threads it would wait in a system call that no exit of the process can end. */
function pipeWriter(fd: number): (bytes: Uint8Array) => Promise<void> {
  let socket: Socket | undefined;
  return (bytes) => {
    if (socket === undefined) {
      socket = new Socket({ fd: ownDescriptor(fd) ?? fd, readable: false, writable: true });
      socket.on('error', () => {});
    }
    const pipe = socket;
    return new Promise((resolve, reject) => {
      pipe.write(bytes, (error) => (error == null ? resolve() : reject(isClosed(error) ? new ClosedPipe() : error)));
    });
  };
}

/**
 * The same pipe, opened again. Waiting in the event loop takes a descriptor that does not block, and that flag belongs to what was opened, not to us: another program that writes to the same pipe would be told EAGAIN, which most take
 * for an error. Undefined where it cannot be opened: a socket, another user's pipe, no reader any more, no /proc.
 */
function ownDescriptor(fd: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

async function writeFile(fd: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += await writeSome(fd, bytes, at);
}

function writeSome(fd: number, bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, at, bytes.length - at, null, (error, written) => (error === null ? resolve(written) : reject(isClosed(error) ? new ClosedPipe() : error)));
  });
}

function isClosed(error: Error): boolean {
  return ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'].includes((error as NodeJS.ErrnoException).code ?? '');
}
