import { columnsOf, lastColumns, signs } from './columns.js';
import type { Output } from './output.js';
import { formatBytes, formatSeconds } from './sizes.js';

/** What a line of progress shows. */
export interface ProgressState {
  readonly label: string;
  readonly bytes: number;
  /** Bytes that were read, where that is ahead of what was done with them: told while nothing is done yet. */
  readonly readBytes?: number;
  readonly totalBytes?: number | undefined;
}

/** Shows that work goes on until it is stopped. */
export interface Progress {
  /** Makes way for other output on the same terminal or in the same log; it comes back by itself. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** A sign of life this often: a person notices a pause of a quarter of a second. */
const INTERVAL_MS = 100;
/** Before that a rate says nothing. */
const SETTLED_SECONDS = 0.3;
const BAR_CELLS = 10;
/** So much of a label is shown before a fact is left out for it. */
const LABEL_COLUMNS = 13;

/** On a terminal one line, drawn again and again, and wiped at the end; elsewhere, and on one that knows no control sequences, lines that a log can hold. */
export function openProgress(output: Output, state: () => ProgressState): Progress {
  return output.isTerminal && process.env.TERM !== 'dumb' ? new ProgressLine(output, state) : new ProgressLog(output, state);
}

// Not a library's bar: those write to the stream at once and on their own, while here every line goes through the one queue of standard error, so that a complaint never stands in the middle of a bar, and
// a wheel turns also while no byte arrives.
class ProgressLine implements Progress {
  readonly #output: Output;
  readonly #state: () => ProgressState;
  readonly #started = performance.now();
  readonly #signs = signs();
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;
  #isDrawn = false;

  constructor(output: Output, state: () => ProgressState) {
    this.#output = output;
    this.#state = state;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), INTERVAL_MS);
    this.#timer.unref();
  }

  async clear(): Promise<void> {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    await this.#output.write('\r\u001b[K').catch(() => {});
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.clear();
  }

  #draw(): void {
    const { wheel, full, empty } = this.#signs;
    const state = this.#state();
    const turn = wheel[this.#turn++ % wheel.length];
    const facts = factsOf(state, (performance.now() - this.#started) / 1000);
    const part = partOf(state);
    const cells = Math.floor((part ?? 0) * BAR_CELLS);
    const bar = part === undefined ? [] : [full.repeat(cells) + empty.repeat(BAR_CELLS - cells)];
    this.#isDrawn = true;
    void this.#output.write(`\r${turn} ${fitted(state.label, [...bar, ...facts], columns() - 3)}\u001b[K`).catch(() => {});
  }
}

/** A dot is a sign of life as well: in between, so that a log of 80 columns has a line every few seconds. */
const DOTS = 18;
const DOT_INTERVAL_MS = 150;

/** `scan data: 12 %  1.2 GiB of 10 GiB  ........`: nothing is drawn over, a line every few seconds. */
class ProgressLog implements Progress {
  readonly #output: Output;
  readonly #state: () => ProgressState;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;
  #dots = -1;

  constructor(output: Output, state: () => ProgressState) {
    this.#output = output;
    this.#state = state;
    this.#next();
    this.#timer = setInterval(() => this.#next(), DOT_INTERVAL_MS);
    this.#timer.unref();
  }

  async clear(): Promise<void> {
    if (this.#dots < 0) return;
    this.#dots = -1;
    await this.#output.write('\n').catch(() => {});
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.clear();
  }

  #next(): void {
    if (this.#dots >= DOTS) void this.clear();
    const state = this.#state();
    const text = this.#dots < 0 ? `${fitted(state.label, factsOf(state, (performance.now() - this.#started) / 1000), 60)}  ` : '.';
    this.#dots += 1;
    void this.#output.write(text).catch(() => {});
  }
}

/** The most telling first: what comes last is the first to go where columns are few. */
function factsOf({ bytes, totalBytes, ...state }: ProgressState, seconds: number): string[] {
  const part = partOf({ bytes, totalBytes, ...state });
  const rate = seconds > SETTLED_SECONDS ? bytes / seconds : 0;
  if (bytes === 0 && (state.readBytes ?? 0) > 0) return [`${formatBytes(state.readBytes as number)} read`];
  if (bytes === 0 && part === undefined) return [];
  const facts = part === undefined ? [formatBytes(bytes)] : [`${Math.floor(part * 100)} %`, `${formatBytes(bytes)} of ${formatBytes(totalBytes as number)}`];
  if (rate > 0) facts.push(`${formatBytes(rate)}/s`);
  if (rate > 0 && part !== undefined && part < 1) facts.push(`${formatSeconds(((totalBytes as number) - bytes) / rate)} left`);
  return facts;
}

/** A total that was told beforehand may be a little short: files grow. */
function partOf({ bytes, totalBytes }: ProgressState): number | undefined {
  return totalBytes === undefined || totalBytes === 0 ? undefined : Math.min(bytes / totalBytes, 1);
}

/** A label and facts in so many columns. */
function fitted(label: string, facts: readonly string[], width: number): string {
  const kept = [...facts];
  const wanted = Math.min(columnsOf(label), LABEL_COLUMNS) + 2;
  while (kept.length > 1 && kept.join('  ').length + wanted > width) kept.pop();
  const tail = kept.length === 0 ? '' : `  ${kept.join('  ')}`;
  return `${lastColumns(label, Math.max(8, width - tail.length))}${tail}`;
}

/** Columns of the terminal; reports keep to 80 whatever it has. */
function columns(): number {
  return Math.min(process.stderr.columns || 80, 120);
}
