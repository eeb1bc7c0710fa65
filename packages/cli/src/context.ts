import { removeUnfinishedFiles } from '@chunker/io';
import { ClosedPipe, failureOf, Interrupted } from './failure.js';
import { Output } from './output.js';
import { openProgress, type Progress, type ProgressState } from './progress.js';
import { receiveSignals } from './signals.js';

/** The options that every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly kernel?: string;
  readonly threads?: string;
  readonly plugin?: readonly string[];
  readonly progress?: boolean;
  readonly quiet?: boolean;
}

/** What a command works with: where it writes, when it must stop, how it reports. */
export class Context {
  readonly out = new Output(1);
  readonly err = new Output(2);
  readonly json: boolean;
  readonly options: CommonOptions;
  readonly #controller: AbortController;
  #progress: Progress | undefined;
  #state: () => ProgressState = () => ({ label: '', bytes: 0 });
  #failed = 0;

  constructor(options: CommonOptions, controller: AbortController) {
    this.options = options;
    this.json = options.json ?? false;
    this.#controller = controller;
  }

  /** Aborts on Ctrl-C, and when nobody reads the output any more. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How many of several things failed and were reported. */
  get failed(): number {
    return this.#failed;
  }

  /** Text or data on standard output. */
  async write(data: Uint8Array | string): Promise<void> {
    if (data.length === 0) return;
    try {
      if (this.out.isTerminal) await this.#progress?.clear();
      await unlessAborted(this.out.write(data), this.signal);
    } catch (error) {
      this.#controller.abort(error);
      throw error;
    }
  }

  /** The document about the end, also after an abort. */
  async lastDocument(value: unknown): Promise<void> {
    await this.out.line(JSON.stringify(value));
  }

  async line(text: string): Promise<void> {
    await this.write(`${text}\n`);
  }

  /** One JSON document, one line. */
  async document(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value));
  }

  /** One of several things failed: it is said, and the rest goes on. An interruption goes up. */
  async partly(error: unknown): Promise<void> {
    if (this.signal.aborted) throw this.signal.reason;
    if (error instanceof ClosedPipe) throw error;
    this.#failed += 1;
    await this.complain(error);
  }

  /** One of several things failed and has been told of already. */
  countFailure(): void {
    this.#failed += 1;
  }

  /** `chunker: code: …` on standard error. */
  async complain(error: unknown): Promise<void> {
    await this.#progress?.clear();
    await this.err.line(`chunker: ${this.err.name(failureOf(error).message)}`).catch(() => {});
  }

  /** A remark for people; quiet keeps it back. */
  async remark(text: string): Promise<void> {
    if (this.options.quiet) return;
    await this.#progress?.clear();
    await this.err.line(`chunker: ${this.err.name(text)}`).catch(() => {});
  }

  /** Somebody sees progress: standard error is a terminal, or it was asked for. */
  get showsProgress(): boolean {
    return this.options.progress ?? (this.err.isTerminal && !this.options.quiet);
  }

  /** Shows progress until `hideProgress`, where somebody can see it. Called again, it goes on with the new state. */
  showProgress(state: () => ProgressState): void {
    this.#state = state;
    if (this.showsProgress) this.#progress ??= openProgress(this.err, () => this.#state());
  }

  async hideProgress(): Promise<void> {
    const progress = this.#progress;
    this.#progress = undefined;
    await progress?.stop();
  }
}

/** Somebody who has stopped reading must not hold up the end: a write to a full pipe waits as long as there is a reader. */
function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    const forget = () => signal.removeEventListener('abort', stop);
    work.then(resolve, reject).finally(forget);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Ends the command on a signal: the first asks it to stop and clean up, the second does not ask. */
export function stopOnSignals(controller: AbortController): void {
  receiveSignals((signal, status) => {
    if (controller.signal.aborted) {
      removeUnfinishedFiles();
      process.exit(status);
    }
    controller.abort(new Interrupted(signal, status));
  });
}
