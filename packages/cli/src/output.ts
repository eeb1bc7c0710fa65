import { write } from 'node:fs';
import { isatty } from 'node:tty';
import { ClosedPipe } from './failure.js';
import { bytesOf, printable } from './names.js';

/**
 * A file descriptor written in order and with back-pressure. Not `process.stdout`: that writes pipes synchronously, and a slow reader would stop the event loop.
 */
export class Output {
  readonly #fd: number;
  readonly isTerminal: boolean;
  #tail: Promise<void> = Promise.resolve();

  constructor(fd: number) {
    this.#fd = fd;
    this.isTerminal = isatty(fd);
  }

  /** Writes all of it; rejects with `ClosedPipe` when nobody reads any more. */
  write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? bytesOf(data) : data;
    this.#tail = this.#tail.then(() => writeAll(this.#fd, bytes));
    this.#tail.catch(() => {});
    return this.#tail;
  }

  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** A name as it belongs here: its own bytes, or on a terminal what cannot speak to the terminal. */
  name(name: string): string {
    return this.isTerminal ? printable(name) : name;
  }

  flushed(): Promise<void> {
    return this.#tail;
  }
}

async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += await writeSome(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new ClosedPipe();
      if (code !== 'EAGAIN') throw error;
      // The descriptor was made non-blocking by another process; Node has no other way to wait for it.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function writeSome(fd: number, bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, at, bytes.length - at, null, (error, written) => (error === null ? resolve(written) : reject(error)));
  });
}
