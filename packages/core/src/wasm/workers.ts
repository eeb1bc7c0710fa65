/*
 * The few threads that run modules. A worker is given a module once and keeps an instance of it; the module itself is shared between threads by the runtime. The worker's program is text, because a
 * bundler then has nothing to resolve, and it is the same class that runs on the calling thread.
 */
import { type WasmAnswer, type WasmRequest, WasmRunner } from './runner.js';

/** What both kinds of workers have in common, as core uses it. */
interface Thread {
  post(message: unknown, transfer: ArrayBuffer[]): void;
  /** Keeps the process alive while jobs run. */
  hold(busy: boolean): void;
  end(): void;
}

interface Job {
  readonly resolve: (answer: WasmAnswer) => void;
  readonly reject: (error: Error) => void;
}

const MAX_WORKERS = 4;

const PROGRAM = `
const WasmRunner = (${WasmRunner.toString()});
const runners = new Map();
const answer = (post) => ({ id, key, module, request, drop }) => {
  if (module !== undefined) runners.set(key, new WasmRunner(module));
  const runner = runners.get(key);
  if (drop !== undefined) return runner.drop(drop.op, drop.state);
  const result = runner.run(request);
  post({ id, result }, result.output === undefined ? [] : [result.output.buffer]);
};
`;

const NODE_PROGRAM = `${PROGRAM}
const { parentPort } = require('node:worker_threads');
parentPort.on('message', answer((message, transfer) => parentPort.postMessage(message, transfer)));
`;

const WEB_PROGRAM = `${PROGRAM}
const take = answer((message, transfer) => postMessage(message, transfer));
onmessage = (event) => take(event.data);
`;

/** One worker and what it is working on. */
export class WasmWorker {
  readonly #thread: Thread;
  readonly #jobs = new Map<number, Job>();
  readonly #keys = new Map<WebAssembly.Module, number>();
  #nextId = 1;
  #lost: Error | undefined;

  constructor() {
    this.#thread = startThread(
      (message) => this.#settle(message as { id: number; result: WasmAnswer }),
      (error) => this.#fail(error),
    );
  }

  get load(): number {
    return this.#jobs.size;
  }

  get lost(): boolean {
    return this.#lost !== undefined;
  }

  /** Input and options are copied: they go over for good, and their owner keeps its own. Rejects when the worker is lost. */
  run(module: WebAssembly.Module, request: WasmRequest): Promise<WasmAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      const id = this.#nextId++;
      const input = request.input?.slice();
      const options = request.options?.slice();
      const copy = { ...request, ...(input === undefined ? {} : { input }), ...(options === undefined ? {} : { options }) };
      if (this.#jobs.size === 0) this.#thread.hold(true);
      this.#jobs.set(id, { resolve, reject });
      this.#thread.post({ id, ...this.#known(module), request: copy }, input === undefined ? [] : [input.buffer]);
    });
  }

  drop(module: WebAssembly.Module, op: number, state: number): void {
    if (this.#lost === undefined) this.#thread.post({ ...this.#known(module), drop: { op, state } }, []);
  }

  #known(module: WebAssembly.Module): { key: number; module?: WebAssembly.Module } {
    const known = this.#keys.get(module);
    if (known !== undefined) return { key: known };
    const key = this.#keys.size;
    this.#keys.set(module, key);
    return { key, module };
  }

  #settle({ id, result }: { id: number; result: WasmAnswer }): void {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    if (this.#jobs.size === 0) this.#thread.hold(false);
    job?.resolve(result);
  }

  #fail(error: Error): void {
    this.#lost = error;
    for (const job of this.#jobs.values()) job.reject(error);
    this.#jobs.clear();
    this.#thread.end();
  }
}

let workers: WasmWorker[] = [];

/** The worker with the least to do; a new one while all are busy and there are few. Throws where the runtime has no workers. */
export function leastBusyWorker(): WasmWorker {
  workers = workers.filter((worker) => !worker.lost);
  const idle = workers.find((worker) => worker.load === 0);
  if (idle !== undefined) return idle;
  if (workers.length < threadLimit()) {
    const worker = new WasmWorker();
    workers.push(worker);
    return worker;
  }
  return workers.reduce((best, worker) => (worker.load < best.load ? worker : best));
}

function threadLimit(): number {
  const processors = globalThis.process?.getBuiltinModule?.('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 2;
  return Math.max(1, Math.min(MAX_WORKERS, processors));
}

function startThread(onMessage: (message: unknown) => void, onLost: (error: Error) => void): Thread {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (node !== undefined) {
    const worker = new node.Worker(NODE_PROGRAM, { eval: true, name: 'chunker-wasm' });
    worker.on('message', onMessage);
    worker.on('error', onLost);
    worker.on('exit', () => onLost(new Error('the worker ended')));
    worker.unref();
    return {
      post: (message, transfer) => worker.postMessage(message, transfer),
      hold: (busy) => (busy ? worker.ref() : worker.unref()),
      end: () => void worker.terminate(),
    };
  }
  const url = URL.createObjectURL(new Blob([WEB_PROGRAM], { type: 'text/javascript' }));
  const worker = new Worker(url);
  worker.onmessage = (event: MessageEvent) => onMessage(event.data);
  worker.onerror = (event) => onLost(new Error(event.message));
  return { post: (message, transfer) => worker.postMessage(message, transfer), hold: () => {}, end: () => worker.terminate() };
}
