import { kindOfValue } from '../bytes/arrays.js';
import { disown } from '../bytes/results.js';
import type { AlgorithmKind, ChunkerEvent, Events, KernelKind } from '../contracts/index.js';
import { RegistryError } from '../errors/index.js';

let nextId = 1;

/** The event channel of one registry. Emitters ask `active` first, so that nobody listening costs one comparison. */
export class EventChannel implements Events {
  active = false;
  readonly #listeners = new Set<(event: ChunkerEvent) => unknown>();

  on(listener: (event: ChunkerEvent) => void): () => void {
    if (typeof listener !== 'function') throw new RegistryError('invalid_input', { name: 'listener', value: kindOfValue(listener), expected: 'a function' });
    // A wrapper of its own per call: the same function may listen twice.
    const entry = (event: ChunkerEvent) => listener(event);
    this.#listeners.add(entry);
    this.active = true;
    return () => {
      this.#listeners.delete(entry);
      this.active = this.#listeners.size > 0;
    };
  }

  emit(event: ChunkerEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        disown(listener(event));
      } catch {
        // A listener that throws does not disturb the operation: telemetry must not be able to break work.
      }
    }
  }

  close(): void {
    this.#listeners.clear();
    this.active = false;
  }
}

/** One operation's events, from its start to its end or error. */
export class OperationEvents {
  readonly #channel: EventChannel;
  readonly #base: { readonly id: number; readonly kind: AlgorithmKind; readonly algorithm: string; readonly operation: string };
  readonly #started = performance.now();

  constructor(channel: EventChannel, kind: AlgorithmKind, algorithm: string, operation: string, kernel: KernelKind, inputBytes?: number) {
    this.#channel = channel;
    this.#base = { id: nextId++, kind, algorithm, operation };
    channel.emit({ ...this.#base, type: 'start', at: this.#started, kernel, ...(inputBytes === undefined ? {} : { inputBytes }) });
  }

  bytes(bytes: number): void {
    if (this.#channel.active) this.#channel.emit({ ...this.#base, type: 'bytes', at: performance.now(), bytes });
  }

  end(inputBytes: number, outputBytes: number, items: number): void {
    const at = performance.now();
    this.#channel.emit({ ...this.#base, type: 'end', at, inputBytes, outputBytes, items, milliseconds: at - this.#started });
  }

  error(error: Error): void {
    const at = performance.now();
    this.#channel.emit({ ...this.#base, type: 'error', at, error, milliseconds: at - this.#started });
  }
}

/** A fault beside an operation that went on all the same: a kernel that failed or disagreed while another answered. */
export function reportFault(channel: EventChannel, kind: AlgorithmKind, algorithm: string, operation: string, error: Error): void {
  if (channel.active) channel.emit({ id: nextId++, type: 'error', kind, algorithm, operation, at: performance.now(), error, milliseconds: 0 });
}
