import type { WasmExports } from './abi.js';

/** One operation for a module. `state` names a state that lives in the runner, `newState` the one that the operation makes. */
export interface WasmRequest {
  readonly op: number;
  readonly input?: Uint8Array;
  readonly options?: Uint8Array;
  readonly outputBytes?: number;
  readonly state?: number;
  readonly newState?: number;
}

/** What came of it: a value and output, or the index of an error code, or a trap. */
export interface WasmAnswer {
  readonly value: number;
  readonly output?: Uint8Array<ArrayBuffer>;
  readonly error?: number;
  readonly trap?: string;
}

/**
 * Runs one module, on whatever thread it is on. The text of this class is also what core's workers run, so it leans on nothing outside itself. A trap drops the instance with
 * every state in it; so does a memory that has grown large, when no state lives there: wasm memory never shrinks.
 */
export class WasmRunner {
  readonly module: WebAssembly.Module;
  readonly states = new Map<number, number>();
  exports: WasmExports | undefined;

  constructor(module: WebAssembly.Module) {
    this.module = module;
  }

  run(request: WasmRequest): WasmAnswer {
    const largeMemory = 64 * 1024 * 1024;
    const alreadyFinished = 14;
    const handle = request.state === undefined ? undefined : this.states.get(request.state);
    if (request.state !== undefined && handle === undefined) return { value: 0, error: alreadyFinished };
    try {
      this.exports ??= new WebAssembly.Instance(this.module).exports as unknown as WasmExports;
      const answer = this.call(this.exports, request, handle);
      if (this.states.size === 0 && this.exports.memory.buffer.byteLength > largeMemory) this.exports = undefined;
      return answer;
    } catch (error) {
      this.exports = undefined;
      this.states.clear();
      return { value: 0, trap: String((error as { message?: unknown } | null)?.message ?? error) };
    }
  }

  call(exports: WasmExports, request: WasmRequest, handle: number | undefined): WasmAnswer {
    const outOfMemory = 9;
    const taken: [number, number][] = [];
    const room = (bytes: number): number => {
      if (bytes === 0) return 0;
      const address = exports.alloc(bytes) >>> 0;
      if (address !== 0) taken.push([address, bytes]);
      return address;
    };
    const { input, options, outputBytes = 0 } = request;
    const inputBytes = input?.length ?? 0;
    const optionsBytes = handle === undefined ? (options?.length ?? 0) : 0;
    const inputAt = room(inputBytes);
    const optionsAt = handle ?? room(optionsBytes);
    const outputAt = room(outputBytes);
    const failed = (inputBytes > 0 && inputAt === 0) || (optionsBytes > 0 && optionsAt === 0) || (outputBytes > 0 && outputAt === 0);
    try {
      if (failed) return { value: 0, error: outOfMemory };
      // After the last alloc: each may have grown the memory and made older views stale.
      if (input !== undefined && inputBytes > 0) new Uint8Array(exports.memory.buffer, inputAt, inputBytes).set(input);
      if (options !== undefined && optionsBytes > 0) new Uint8Array(exports.memory.buffer, optionsAt, optionsBytes).set(options);
      const value = Number(exports.call(request.op, inputAt, inputBytes, outputAt, outputBytes, optionsAt, optionsBytes));
      if (value < 0) return { value: 0, error: -value };
      if (request.newState !== undefined) this.states.set(request.newState, value);
      if (outputBytes === 0) return { value };
      return { value, output: new Uint8Array(exports.memory.buffer, outputAt, Math.min(value, outputBytes)).slice() };
    } finally {
      for (const [address, bytes] of taken) exports.free(address, bytes);
    }
  }

  /** A state that nobody needs any more. */
  drop(op: number, state: number): void {
    if (this.states.has(state)) this.run({ op, state });
    this.states.delete(state);
  }
}
