import type { AlgorithmKind, Awaitable, Call, CallParameters, DecodeCall, DecodeParameters, Handles, Scratch } from '../contracts/index.js';
import type { Definition } from '../define/definition.js';
import { kindOfValue } from '../bytes/arrays.js';
import { badInput, wholeNumber } from '../bytes/inputs.js';
import { isThenable } from '../bytes/results.js';
import { areaError, asPluginError, describeThrown } from '../errors/areas.js';
import { OperationEvents } from '../events/channel.js';
import type { BoundKernel } from '../kernels/bound.js';
import type { Reservation } from '../memory/budget.js';
import { FirstOf, type Told } from '../scope/first-of.js';
import type { Scope } from '../scope/scope.js';
import { borrowScratch } from '../scratch/scratch.js';
import { OutputLimits } from './limits.js';

/** An algorithm with its options parsed and its kernel loaded: what the derived operations work on. */
export interface Taken<Methods = unknown> {
  readonly definition: Definition;
  readonly options: unknown;
  readonly handles: Handles;
  readonly kernel: BoundKernel<Methods>;
  readonly scope: Scope;
  readonly spec: string;
  readonly profile?: string;
}

/** What an operation did, for its end event. */
export interface Outcome {
  readonly outputBytes: number;
  readonly items: number;
}

const ONE_GIB = 1024 ** 3;
const DEFAULT_MEMORY = 128 * 1024 ** 2;
/** Without limits, calls on less are left out of the memory budget's figures: counting them would take longer than it tells. */
const COUNTED_BYTES = 64 * 1024;

/** Runs the operations of one taken algorithm: lifetime, abort, scratch, credits, events and errors, the same for all. */
export class Operations {
  readonly taken: Taken;
  readonly #bare: Call;
  #bareDecode: DecodeCall | undefined;
  readonly #costs = new Map<string, number>();

  constructor(taken: Taken) {
    this.taken = taken;
    this.#bare = Object.freeze({ handles: taken.handles, ...queueOf(taken.scope) });
  }

  /** True where the kernel's asynchronous methods leave the calling thread and this work is worth the way. */
  goesAway(operation: 'compress' | 'decompress' | 'hash' | 'chunk', bytes: number, largeItems = 0): boolean {
    const { kernel, options, scope } = this.taken;
    if (kernel.placement === 'here') return false;
    const { smallWork } = scope.settings;
    if (bytes > smallWork.totalBytes || largeItems > smallWork.items) return true;
    let cost = this.#costs.get(operation);
    if (cost === undefined) {
      cost = kernel.cost(operation, options, 1);
      this.#costs.set(operation, cost);
    }
    return cost * bytes >= smallWork.milliseconds * 1e6;
  }

  call(parameters: CallParameters | undefined): Call {
    if (parameters === undefined) return this.#bare;
    if (parameters === null || typeof parameters !== 'object') throw badInput(this.taken.definition.kind, 'call', kindOfValue(parameters), 'an object');
    const { signal, scratch, inPlace, priority } = parameters;
    return {
      handles: this.taken.handles,
      ...queueOf(this.taken.scope),
      ...(signal === undefined ? {} : { signal }),
      ...(scratch === undefined ? {} : { scratch }),
      ...(inPlace === undefined ? {} : { inPlace }),
      ...(priority === undefined ? {} : { priority }),
    };
  }

  /** `unlimited`: of streams, whose results are not in memory. */
  decodeCall(parameters: DecodeParameters | undefined, unlimited = false): DecodeCall {
    if (parameters !== undefined || unlimited) return this.#decodeCall(parameters, unlimited);
    this.#bareDecode ??= Object.freeze(this.#decodeCall(undefined, false));
    return this.#bareDecode;
  }

  #decodeCall(parameters: DecodeParameters | undefined, unlimited: boolean): DecodeCall {
    const { kind, name } = this.taken.definition;
    const maxOutputBytes = wholeNumber(kind, 'maxOutputBytes', parameters?.maxOutputBytes ?? (unlimited ? Number.POSITIVE_INFINITY : ONE_GIB), 0, true);
    const maxMemoryBytes = wholeNumber(kind, 'maxMemoryBytes', parameters?.maxMemoryBytes ?? DEFAULT_MEMORY, 0, true);
    const { allowTrailing = false } = parameters ?? {};
    if (typeof allowTrailing !== 'boolean') throw badInput(kind, 'allowTrailing', kindOfValue(allowTrailing), 'true or false');
    return {
      ...this.call(parameters),
      allowTrailing,
      limits: new OutputLimits(name, maxOutputBytes, maxMemoryBytes, unlimited ? undefined : this.taken.scope.memory),
    };
  }

  /**
   * Runs an operation that may leave the calling thread. `body` starts in this turn unless credit must be awaited. Answers what it gave, or the abort's reason, or the registry's end, whichever comes
   * first; scratch and credit stay taken until the work has ended.
   */
  run<T>(
    operation: string,
    bytes: number,
    parameters: CallParameters | undefined,
    body: () => Awaitable<T>,
    outcome: (result: T) => Outcome,
    memory?: () => number,
  ): Promise<T> {
    const { scope, kernel } = this.taken;
    let visit: Visit;
    try {
      visit = this.#enter(operation, bytes, parameters);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
    try {
      if (memory !== undefined && this.#counts(bytes, parameters)) {
        const reserving = this.#reserve(visit, operation, memory(), parameters);
        if (reserving !== undefined) return this.#workLater(reserving, visit, bytes, parameters, body, outcome);
      }
    } catch (thrown) {
      visit.leave();
      return Promise.reject(visit.failed(thrown));
    }
    if (kernel.placement !== 'away') return this.#work(visit, parameters, body, outcome);
    const credit = scope.credits.take(bytes);
    if (credit !== undefined) return this.#workLater(undefined, visit, bytes, parameters, body, outcome, credit);
    visit.holds(bytes);
    return this.#work(visit, parameters, body, outcome);
  }

  #counts(bytes: number, parameters: CallParameters | undefined): boolean {
    return (bytes >= COUNTED_BYTES || this.taken.scope.memory.limited) && parameters?.reservation === undefined;
  }

  /** Undefined where the memory was there at once: the visit holds it. */
  #reserve(visit: Visit, operation: string, bytes: number, parameters: CallParameters | undefined): Promise<void> | undefined {
    const taken = this.taken.scope.memory.take(bytes, { algorithm: this.taken.definition.name, operation });
    visit.reserved(taken);
    return taken === undefined ? this.reserve(operation, bytes, parameters).then((later) => visit.reserved(later)) : undefined;
  }

  async #workLater<T>(
    memory: Promise<void> | undefined,
    visit: Visit,
    bytes: number,
    parameters: CallParameters | undefined,
    body: () => Awaitable<T>,
    outcome: (result: T) => Outcome,
    credit?: Promise<void>,
  ): Promise<T> {
    try {
      await memory;
      if (this.taken.kernel.placement === 'away') {
        const taking = credit ?? this.taken.scope.credits.take(bytes);
        if (taking !== undefined) await this.awaitCredit(taking, bytes, parameters?.signal);
        visit.holds(bytes);
      }
    } catch (thrown) {
      visit.leave();
      throw visit.failed(thrown);
    }
    return this.#work(visit, parameters, body, outcome);
  }

  #work<T>(visit: Visit, parameters: CallParameters | undefined, body: () => Awaitable<T>, outcome: (result: T) => Outcome): Promise<T> {
    let work: Awaitable<T>;
    try {
      work = body();
      if (!isThenable(work)) {
        visit.end(outcome, work);
        visit.leave();
        return Promise.resolve(work);
      }
      return this.#answer(visit, Promise.resolve(work), parameters, outcome);
    } catch (thrown) {
      visit.leave();
      return Promise.reject(visit.failed(thrown));
    }
  }

  /** What is done in place has the caller's memory: it is answered when it has ended, not before. */
  #answer<T>(visit: Visit, work: Promise<T>, parameters: CallParameters | undefined, outcome: (result: T) => Outcome): Promise<T> {
    visit.outcome = outcome as (result: unknown) => Outcome;
    const inPlace = parameters?.inPlace === true;
    return new FirstOf<T>(work, inPlace ? undefined : this.taken.scope.life, inPlace ? undefined : parameters?.signal, visit).promise;
  }

  runSync<T>(
    operation: string,
    bytes: number,
    parameters: CallParameters | undefined,
    body: () => T,
    outcome: (result: T) => Outcome,
    memory?: () => number,
  ): T {
    const counted = memory !== undefined && this.#counts(bytes, parameters);
    if (parameters === undefined && !counted && !this.taken.scope.events.active) return this.#runBare(operation, body);
    const visit = this.#enter(operation, bytes, parameters);
    try {
      if (counted) {
        visit.reserved(this.taken.scope.memory.takeNow(memory(), { algorithm: this.taken.definition.name, operation }));
      }
      const result = body();
      visit.end(outcome, result);
      return result;
    } catch (thrown) {
      throw visit.failed(thrown);
    } finally {
      visit.leave();
    }
  }

  /** A call on the calling thread that nobody is told of and that holds nothing: of a visit, its end and its errors are left. Small calls feel the rest. */
  #runBare<T>(operation: string, body: () => T): T {
    const { definition, scope } = this.taken;
    scope.life.check(definition.name);
    scope.life.enter();
    try {
      return body();
    } catch (thrown) {
      throw asPluginError(definition.kind, { algorithm: definition.name, operation }, thrown);
    } finally {
      scope.life.leave();
    }
  }

  /** The promise, or the abort's reason, or the registry's end: whichever comes first. */
  race<T>(work: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
    return new FirstOf(work, this.taken.scope.life, signal).promise;
  }

  /** An error of this algorithm's area. */
  error<Code extends import('../errors/index.js').ErrorCode>(code: Code, details: import('../errors/index.js').ErrorDetails[Code]): Error {
    return areaError(this.taken.definition.kind, code, details);
  }

  syncUnavailable(operation: string): Error {
    return this.error('sync_unavailable', { algorithm: this.taken.definition.name, operation });
  }

  /** Begins an operation by hand: streams end it themselves. Between its steps it does not count as running: nobody may ever pull again, and disposal must not wait for that. */
  begin(operation: string, parameters: CallParameters | undefined): Visit {
    this.taken.scope.life.checkOpening(this.taken.definition.name);
    const visit = this.#enter(operation, undefined, parameters);
    visit.uncounted();
    return visit;
  }

  /** Memory that a stream holds from its first pull to its end; undefined where the caller has set it aside. */
  async reserve(operation: string, bytes: number, parameters: CallParameters | undefined): Promise<Reservation | undefined> {
    if (parameters?.reservation !== undefined) return undefined;
    const { memory } = this.taken.scope;
    const who = { algorithm: this.taken.definition.name, operation };
    const taken = memory.take(bytes, who);
    if (taken !== undefined) return taken;
    const reserving = memory.reserve(bytes, { ...who, signal: parameters?.signal });
    try {
      return await this.race(reserving, parameters?.signal);
    } catch (error) {
      // The registry's end: what is granted to nobody any more goes back.
      reserving.then((reservation) => reservation.release()).catch(() => {});
      throw error;
    }
  }

  /** One step of a stream, which disposal waits for. Refused after disposal. */
  async step<T>(work: () => Awaitable<T>, signal: AbortSignal | undefined): Promise<T> {
    const { life } = this.taken.scope;
    life.check(this.taken.definition.name);
    life.enter();
    try {
      const result = work();
      return isThenable(result) ? await this.race(Promise.resolve(result as Promise<T>), signal) : (result as T);
    } finally {
      life.leave();
    }
  }

  /** Waits for credit; an abort ends the wait at once. */
  async awaitCredit(credit: Promise<void>, bytes: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.race(credit, signal);
    } catch (error) {
      // The place in the queue cannot be left: the credit is given back when it arrives.
      credit.then(() => this.taken.scope.credits.give(bytes));
      throw error;
    }
  }

  #enter(operation: string, bytes: number | undefined, parameters: CallParameters | undefined): Visit {
    const { definition, scope, kernel } = this.taken;
    scope.life.check(definition.name);
    const scratch = parameters === undefined ? undefined : checkParameters(definition.kind, parameters);
    const giveBack = scratch === undefined ? undefined : borrowScratch(definition.kind, definition.name, operation, scratch, scope.memory);
    scope.life.enter();
    const events = scope.events.active ? new OperationEvents(scope.events, definition.kind, definition.name, operation, kernel.kind, bytes) : undefined;
    return new Visit(this.taken, operation, bytes ?? 0, parameters?.signal, events, giveBack);
  }
}

/** One operation between its start and its end. */
export class Visit implements Told<unknown> {
  readonly #taken: Taken;
  readonly #operation: string;
  readonly #signal: AbortSignal | undefined;
  readonly #events: OperationEvents | undefined;
  readonly #giveBack: (() => void) | undefined;
  #left = false;
  #counted = true;
  #held = 0;
  #reservation: Reservation | undefined;
  #close: (() => void) | undefined;
  #ofSource: { readonly thrown: unknown } | undefined;
  inputBytes: number;
  /** What `succeeded` tells of a result. */
  outcome: ((result: unknown) => Outcome) | undefined;

  constructor(
    taken: Taken,
    operation: string,
    bytes: number,
    signal: AbortSignal | undefined,
    events: OperationEvents | undefined,
    giveBack: (() => void) | undefined,
  ) {
    this.#taken = taken;
    this.#operation = operation;
    this.inputBytes = bytes;
    this.#signal = signal;
    this.#events = events;
    this.#giveBack = giveBack;
  }

  /** More input was read: for progress. */
  progress(bytes: number): void {
    this.inputBytes += bytes;
    this.#events?.bytes(bytes);
  }

  succeeded(result: unknown): void {
    if (this.outcome !== undefined) this.end(this.outcome, result);
  }

  end<T>(outcome: (result: T) => Outcome, result: T): void {
    if (this.#events === undefined) return;
    const { outputBytes, items } = outcome(result);
    this.#events.end(this.inputBytes, outputBytes, items);
  }

  /** Waits for the caller's own source. What that throws reaches the caller as it is: no algorithm failed. */
  async reading<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (thrown) {
      this.#ofSource = { thrown };
      throw thrown;
    }
  }

  /** What the caller is to see instead of what was thrown. */
  failed(thrown: unknown): unknown {
    const own = this.#ofSource !== undefined && this.#ofSource.thrown === thrown;
    const error = this.#signal?.aborted === true ? this.#signal.reason : own ? thrown : this.#typed(thrown);
    this.#events?.error(error instanceof Error ? error : new Error(describeThrown(error)));
    return error;
  }

  /** Bytes of credit that it gives back when it leaves. */
  holds(bytes: number): void {
    this.#held = bytes;
  }

  /** Memory that it gives back when it leaves. */
  reserved(reservation: Reservation | undefined): void {
    this.#reservation = reservation;
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#reservation?.release();
    if (this.#held > 0) this.#taken.scope.credits.give(this.#held);
    this.#giveBack?.();
    this.#close?.();
    if (this.#counted) this.#taken.scope.life.leave();
  }

  uncounted(): void {
    const { life } = this.#taken.scope;
    this.#counted = false;
    this.#close = life.open();
    life.leave();
  }

  #typed(thrown: unknown): Error {
    const { kind, name } = this.#taken.definition;
    return asPluginError(kind, { algorithm: name, operation: this.#operation }, thrown);
  }
}

function queueOf(scope: Scope): { queue?: number } {
  return scope.settings.queue === undefined ? {} : { queue: scope.settings.queue };
}

/** Throws `invalid_input`, or the reason of a signal that was aborted before. Answers the scratch. */
export function checkParameters(kind: AlgorithmKind, parameters: CallParameters): Scratch | undefined {
  if (parameters === null || typeof parameters !== 'object') throw badInput(kind, 'call', kindOfValue(parameters), 'an object');
  const { signal, scratch, inPlace, priority, reservation } = parameters;
  if (inPlace !== undefined && typeof inPlace !== 'boolean') throw badInput(kind, 'inPlace', kindOfValue(inPlace), 'true or false');
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 7)) {
    throw badInput(kind, 'priority', typeof priority === 'number' ? String(priority) : kindOfValue(priority), 'a whole number from 0 to 7');
  }
  if (reservation !== undefined && typeof reservation?.bytes !== 'number') {
    throw badInput(kind, 'reservation', kindOfValue(reservation), 'what memory.reserve answered');
  }
  if (signal !== undefined) {
    if (typeof signal?.addEventListener !== 'function') throw badInput(kind, 'signal', kindOfValue(signal), 'an AbortSignal');
    if (signal.aborted) throw signal.reason;
  }
  return scratch;
}
