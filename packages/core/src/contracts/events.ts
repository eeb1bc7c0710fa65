import type { AlgorithmKind } from './algorithm.js';
import type { KernelKind } from './kernel.js';

/** What every event tells. `id` joins a start with its end or error. */
interface EventBase {
  readonly id: number;
  readonly kind: AlgorithmKind | 'pipeline';
  readonly algorithm: string;
  readonly operation: string;
  /** Milliseconds, from `performance.now()`. */
  readonly at: number;
}

/** An operation begins. */
export interface StartEvent extends EventBase {
  readonly type: 'start';
  readonly kernel?: KernelKind;
  readonly inputBytes?: number;
}

/** An operation ended well. */
export interface EndEvent extends EventBase {
  readonly type: 'end';
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly items: number;
  readonly milliseconds: number;
}

/** An operation failed, or was aborted. */
export interface ErrorEvent extends EventBase {
  readonly type: 'error';
  readonly error: Error;
  readonly milliseconds: number;
}

/** Progress inside a long operation. */
export interface BytesEvent extends EventBase {
  readonly type: 'bytes';
  readonly bytes: number;
  /** Of pipelines: chunks so far. */
  readonly items?: number;
  readonly totalBytes?: number;
  readonly bytesPerSecond?: number;
  readonly secondsLeft?: number;
}

/** Whatever a registry tells; `type` tells them apart. */
export type ChunkerEvent = StartEvent | EndEvent | ErrorEvent | BytesEvent;

/** The event channel of a registry. Nobody listening costs one comparison per operation. A listener that throws does not disturb the operation. */
export interface Events {
  readonly active: boolean;
  /** Returns the function that takes the listener away again. */
  on(listener: (event: ChunkerEvent) => void): () => void;
  /** For packages that compose algorithms: hands an event of theirs to the listeners. Their ids are negative, core's positive. */
  emit(event: ChunkerEvent): void;
}
