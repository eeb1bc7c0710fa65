import type { Call, Hasher, HashKernel, HashState } from '../contracts/index.js';
import { copyOf, readableInput } from '../bytes/inputs.js';
import { BrokenPromise, disown, isThenable, resultBytes, unexpected } from '../bytes/results.js';
import { asPluginError } from '../errors/areas.js';
import { HashingError } from '../errors/index.js';
import type { Operations, Taken } from './operation.js';

/** What a kernel away from the calling thread is handed at once: inputs that must be copied are copied that much per turn of the event loop. */
export const WINDOW_BYTES = 4 * 1024 * 1024;

interface SessionSettings {
  readonly state?: HashState;
  /** It is a part of an operation that disposal waits for. */
  readonly counted?: boolean;
}

/** An incremental hash. Updates run one after another, also when the caller does not wait for each. */
export class HashSession implements Hasher {
  readonly #taken: Taken<HashKernel<unknown>>;
  readonly #operations: Operations;
  readonly #digestLength: number;
  readonly #call: Call;
  readonly #state: HashState;
  readonly #counted: boolean;
  #last: Promise<unknown> | undefined;
  #pending = 0;
  #over = false;

  constructor(taken: Taken<HashKernel<unknown>>, operations: Operations, digestLength: number, call: Call, { state, counted = false }: SessionSettings = {}) {
    this.#taken = taken;
    this.#operations = operations;
    this.#digestLength = digestLength;
    this.#call = call;
    this.#counted = counted;
    this.#state = state ?? this.#guard('create', () => open(taken, call));
  }

  async update(data: Uint8Array): Promise<void> {
    this.#check();
    const input = readableInput('hash', data);
    await this.#inTurn('update', async () => {
      for (let offset = 0; offset < input.length; offset += WINDOW_BYTES) {
        if (this.#call.signal?.aborted === true) throw this.#call.signal.reason;
        const piece = input.subarray(offset, offset + WINDOW_BYTES);
        const stay = this.#state.updateSync !== undefined && !this.#operations.goesAway('hash', piece.length);
        if (stay) this.#now(this.#state.updateSync?.(piece), 'update');
        else await this.#state.update(piece);
      }
    });
  }

  updateSync(data: Uint8Array): void {
    this.#check();
    if (this.#pending > 0) throw this.#operations.syncUnavailable('update');
    const input = readableInput('hash', data);
    this.#guard('update', () => {
      if (this.#state.updateSync !== undefined) return this.#now(this.#state.updateSync(input), 'update');
      if (this.#taken.kernel.placement === 'away') throw this.#operations.syncUnavailable('update');
      this.#now(this.#state.update(input), 'update');
    });
  }

  async digest(): Promise<Uint8Array> {
    this.#check();
    this.#over = true;
    return this.#inTurn('digest', async () => this.#checked(await this.#state.digest()));
  }

  digestSync(): Uint8Array {
    this.#check();
    if (this.#pending > 0) throw this.#operations.syncUnavailable('digest');
    return this.#guard('digest', () => {
      const { digestSync } = this.#state;
      const digest = this.#now(digestSync === undefined ? this.#state.digest() : digestSync.call(this.#state), 'digest');
      this.#over = true;
      return this.#checked(digest);
    });
  }

  clone(): Hasher {
    this.#check();
    if (this.#pending > 0) throw this.#operations.syncUnavailable('clone');
    const { clone } = this.#state;
    if (clone === undefined) throw new HashingError('unsupported_feature', { algorithm: this.#taken.definition.name, operation: 'clone', feature: 'clone' });
    const copy = this.#guard('clone', () => checkedState(clone.call(this.#state)));
    return new HashSession(this.#taken, this.#operations, this.#digestLength, this.#call, { state: copy, counted: this.#counted });
  }

  dispose(): void {
    this.#over = true;
    try {
      this.#state.dispose?.();
    } catch {
      // Housekeeping: whoever disposes wants to be rid of it.
    }
  }

  #check(): void {
    const { life } = this.#taken.scope;
    if (this.#counted) life.goOn(this.#taken.definition.name);
    else life.check(this.#taken.definition.name);
    if (this.#over) throw new HashingError('already_finished', { algorithm: this.#taken.definition.name });
    if (this.#call.signal?.aborted === true) throw this.#call.signal.reason;
  }

  #checked(digest: Uint8Array): Uint8Array {
    const bytes = resultBytes(digest);
    if (bytes.length !== this.#digestLength) throw new BrokenPromise(`it returned a digest of ${bytes.length} bytes instead of ${this.#digestLength}`);
    return copyOf(bytes);
  }

  #now<T>(result: T | PromiseLike<T>, operation: string): T {
    if (!isThenable(result)) return result as T;
    // The state may now change at any time: it is of no further use.
    this.#over = true;
    disown(result);
    throw this.#operations.syncUnavailable(operation);
  }

  async #inTurn<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    this.#pending++;
    const run = before === undefined ? work() : before.then(work, work);
    this.#last = run;
    try {
      return await run;
    } catch (thrown) {
      this.#over = true;
      throw this.#fault(operation, thrown);
    } finally {
      this.#pending--;
      if (this.#last === run) this.#last = undefined;
    }
  }

  #guard<T>(operation: string, work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw this.#fault(operation, thrown);
    }
  }

  #fault(operation: string, thrown: unknown): unknown {
    if (this.#call.signal?.aborted === true) return this.#call.signal.reason;
    return asPluginError('hash', { algorithm: this.#taken.definition.name, operation }, thrown);
  }
}

function open(taken: Taken<HashKernel<unknown>>, call: Call): HashState {
  const { create } = taken.kernel.methods;
  if (create === undefined) return new KeptInput(taken, call);
  return checkedState(create(taken.options, call));
}

function checkedState(state: HashState): HashState {
  if (typeof state?.update !== 'function' || typeof state.digest !== 'function') throw unexpected(state, 'a state with update and digest');
  return state;
}

/** For kernels that only hash whole buffers: what is fed is kept until the digest is asked for, up to the buffer limit. */
class KeptInput implements HashState {
  readonly #taken: Taken<HashKernel<unknown>>;
  readonly #call: Call;
  readonly #pieces: Uint8Array[];
  #bytes: number;

  constructor(taken: Taken<HashKernel<unknown>>, call: Call, pieces: readonly Uint8Array[] = []) {
    this.#taken = taken;
    this.#call = call;
    this.#pieces = [...pieces];
    this.#bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  update(data: Uint8Array): void {
    const limit = this.#taken.scope.settings.bufferLimitBytes;
    const attempted = this.#bytes + data.length;
    if (attempted > limit) throw new HashingError('buffer_limit_exceeded', { attempted, limit });
    this.#pieces.push(copyOf(data));
    this.#bytes = attempted;
  }

  updateSync(data: Uint8Array): void {
    this.update(data);
  }

  digest(): Uint8Array | Promise<Uint8Array> {
    return this.#taken.kernel.methods.hash(this.#whole(), this.#taken.options, this.#call);
  }

  digestSync(): Uint8Array {
    const { hash, hashSync } = this.#taken.kernel.methods;
    const digest = (hashSync ?? hash)(this.#whole(), this.#taken.options, this.#call);
    if (!isThenable(digest)) return digest as Uint8Array;
    disown(digest);
    throw new HashingError('sync_unavailable', { algorithm: this.#taken.definition.name, operation: 'digest' });
  }

  clone(): HashState {
    return new KeptInput(this.#taken, this.#call, this.#pieces);
  }

  #whole(): Uint8Array {
    const data = new Uint8Array(this.#bytes);
    let offset = 0;
    for (const piece of this.#pieces) {
      data.set(piece, offset);
      offset += piece.length;
    }
    return data;
  }
}
