import type { Call, Handles, HashKernel, HashState, Ranges, WasmKernel } from '../contracts/index.js';
import { runningSum } from '../bytes/batches.js';
import type { Definition } from '../define/definition.js';
import { Turn } from '../derive/awaitable.js';
import { areaError } from '../errors/areas.js';
import { WasmOp } from './abi.js';
import { checkedAnswer } from './faults.js';
import type { WasmAnswer, WasmRequest, WasmRunner } from './runner.js';
import { leastBusyWorker, type WasmWorker } from './workers.js';

/** What a state on the calling thread takes between two turns of the event loop: a third of a millisecond. */
const SLICE_BYTES = 512 * 1024;
/** An update of at least this much goes to a worker, where a state has not begun elsewhere. */
const AWAY_BYTES = 256 * 1024;

let nextState = 1;

/** A hash on a module: synchronous calls on the calling thread, asynchronous ones in core's workers. */
export function wasmHashKernel(definition: Definition, kernel: WasmKernel<unknown>, runner: WasmRunner): HashKernel<unknown> {
  return new WasmHash(definition, kernel, runner);
}

class WasmHash implements HashKernel<unknown> {
  readonly placement = 'away';
  readonly name: string;
  readonly module: WebAssembly.Module;
  readonly runner: WasmRunner;
  readonly #definition: Definition;
  readonly #encode: (options: unknown, handles: Handles) => Uint8Array;
  readonly #encoded = new WeakMap<object, WeakMap<Handles, Uint8Array>>();

  constructor(definition: Definition, kernel: WasmKernel<unknown>, runner: WasmRunner) {
    this.name = definition.name;
    this.module = kernel.module;
    this.runner = runner;
    this.#definition = definition;
    this.#encode = (options, handles) => kernel.encode(options, handles);
  }

  costPerByte(): number {
    return 1;
  }

  async hash(data: Uint8Array, options: unknown, call: Call): Promise<Uint8Array> {
    return this.#digest(
      await this.away({ op: WasmOp.hash, input: data, options: this.options(options, call.handles), outputBytes: this.digestLength(options) }),
      'hash',
    );
  }

  hashSync(data: Uint8Array, options: unknown, call: Call): Uint8Array {
    return this.#digest(
      this.runner.run({ op: WasmOp.hash, input: data, options: this.options(options, call.handles), outputBytes: this.digestLength(options) }),
      'hash',
    );
  }

  async hashMany(buffer: Uint8Array, ranges: Ranges, output: Uint8Array, options: unknown, call: Call): Promise<void> {
    output.set(this.#digest(await this.away(this.#batch(buffer, ranges, output, options, call)), 'hashMany'));
  }

  hashManySync(buffer: Uint8Array, ranges: Ranges, output: Uint8Array, options: unknown, call: Call): void {
    output.set(this.#digest(this.runner.run(this.#batch(buffer, ranges, output, options, call)), 'hashMany'));
  }

  create(options: unknown, call: Call): HashState {
    return new WasmHashState(this, options, call);
  }

  digestLength(options: unknown): number {
    const { digestLength } = this.#definition;
    return typeof digestLength === 'function' ? digestLength(options) : (digestLength as number);
  }

  /** The options as the module reads them; made once per taking. */
  options(options: unknown, handles: Handles): Uint8Array {
    const key = options !== null && typeof options === 'object' ? options : this;
    const byHandles = this.#encoded.get(key) ?? new WeakMap<Handles, Uint8Array>();
    this.#encoded.set(key, byHandles);
    const encoded = byHandles.get(handles) ?? this.#encode(options, handles);
    byHandles.set(handles, encoded);
    return encoded;
  }

  async away(request: WasmRequest, worker?: WasmWorker): Promise<WasmAnswer> {
    try {
      return await (worker ?? leastBusyWorker()).run(this.module, request);
    } catch (cause) {
      throw areaError('hash', 'native_panic', { algorithm: this.name, reason: 'the worker was lost' }, { cause });
    }
  }

  checked(answer: WasmAnswer, operation: string): WasmAnswer {
    return checkedAnswer('hash', this.name, operation, answer);
  }

  #digest(answer: WasmAnswer, operation: string): Uint8Array {
    return this.checked(answer, operation).output ?? new Uint8Array(0);
  }

  #batch(buffer: Uint8Array, { lengths, offsets: given }: Ranges, output: Uint8Array, options: unknown, call: Call): WasmRequest {
    const encoded = this.options(options, call.handles);
    const offsets = given ?? runningSum(lengths);
    const batch = new Uint8Array(4 + encoded.length + 8 * lengths.length);
    const view = new DataView(batch.buffer);
    view.setUint32(0, encoded.length, true);
    batch.set(encoded, 4);
    let at = 4 + encoded.length;
    for (let index = 0; index < lengths.length; index++, at += 8) {
      view.setUint32(at, offsets[index] as number, true);
      view.setUint32(at + 4, lengths[index] as number, true);
    }
    return { op: WasmOp.hashMany, input: buffer, options: batch, outputBytes: output.length };
  }
}

/**
 * An incremental state. It lives where it begins: on the calling thread after a small or synchronous update, in a worker after a large one; a state cannot move.
 */
class WasmHashState implements HashState {
  readonly #kernel: WasmHash;
  readonly #options: unknown;
  readonly #call: Call;
  readonly #id = nextState++;
  #worker: WasmWorker | undefined;
  #runner: WasmRunner | undefined;

  constructor(kernel: WasmHash, options: unknown, call: Call, origin?: { readonly worker?: WasmWorker; readonly runner?: WasmRunner; readonly id: number }) {
    this.#kernel = kernel;
    this.#options = options;
    this.#call = call;
    if (origin === undefined) return;
    this.#worker = origin.worker;
    this.#runner = origin.runner;
    const request = { op: WasmOp.hashClone, state: origin.id, newState: this.#id };
    if (origin.runner !== undefined) kernel.checked(origin.runner.run(request), 'clone');
    // The worker takes messages in order: whatever is asked of the copy comes after it was made, and fails where that failed.
    else origin.worker?.run(kernel.module, request).catch(() => {});
  }

  async update(data: Uint8Array): Promise<void> {
    if (this.#worker === undefined && this.#runner === undefined && data.length >= AWAY_BYTES) await this.#begin();
    if (this.#worker !== undefined) {
      this.#kernel.checked(await this.#kernel.away({ op: WasmOp.hashUpdate, input: data, state: this.#id }, this.#worker), 'update');
      return;
    }
    const turn = new Turn();
    for (let offset = 0; offset < data.length; offset += SLICE_BYTES) {
      this.#updateHere(data.subarray(offset, offset + SLICE_BYTES));
      await turn.over();
    }
  }

  /** Absent when the state is in a worker. */
  get updateSync(): ((data: Uint8Array) => void) | undefined {
    return this.#worker === undefined ? (data) => this.#updateHere(data) : undefined;
  }

  digest(): Uint8Array | Promise<Uint8Array> {
    if (this.#worker === undefined) return this.#digestHere();
    const request = { op: WasmOp.hashDigest, state: this.#id, outputBytes: this.#kernel.digestLength(this.#options) };
    return this.#kernel.away(request, this.#worker).then((answer) => this.#kernel.checked(answer, 'digest').output as Uint8Array);
  }

  get digestSync(): (() => Uint8Array) | undefined {
    return this.#worker === undefined ? () => this.#digestHere() : undefined;
  }

  clone(): HashState {
    const place = this.#worker === undefined ? { runner: this.#here() } : { worker: this.#worker };
    return new WasmHashState(this.#kernel, this.#options, this.#call, { ...place, id: this.#id });
  }

  dispose(): void {
    this.#runner?.drop(WasmOp.hashDrop, this.#id);
    this.#worker?.drop(this.#kernel.module, WasmOp.hashDrop, this.#id);
  }

  async #begin(): Promise<void> {
    const worker = leastBusyWorker();
    this.#worker = worker;
    this.#kernel.checked(await this.#kernel.away(this.#creation(), worker), 'create');
  }

  #creation(): WasmRequest {
    return { op: WasmOp.hashCreate, options: this.#kernel.options(this.#options, this.#call.handles), newState: this.#id };
  }

  #here(): WasmRunner {
    if (this.#runner === undefined) {
      const runner = this.#kernel.runner;
      this.#kernel.checked(runner.run(this.#creation()), 'create');
      this.#runner = runner;
    }
    return this.#runner;
  }

  #updateHere(data: Uint8Array): void {
    this.#kernel.checked(this.#here().run({ op: WasmOp.hashUpdate, input: data, state: this.#id }), 'update');
  }

  #digestHere(): Uint8Array {
    const answer = this.#here().run({ op: WasmOp.hashDigest, state: this.#id, outputBytes: this.#kernel.digestLength(this.#options) });
    return this.#kernel.checked(answer, 'digest').output as Uint8Array;
  }
}
