import type { Output } from './output.js';
import { formatBytes, formatSeconds } from './sizes.js';

/** What a line of progress shows. */
export interface ProgressState {
  readonly label: string;
  readonly bytes: number;
  readonly totalBytes?: number | undefined;
}

/** A sign of life this often: a person notices a pause of a quarter of a second. */
const INTERVAL_MS = 120;
const WHEEL = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** One line on standard error, drawn again and again, and wiped at the end. */
export class Progress {
  readonly #output: Output;
  readonly #state: () => ProgressState;
  readonly #started = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;

  constructor(output: Output, state: () => ProgressState) {
    this.#output = output;
    this.#state = state;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** Wipes the line. */
  async stop(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#output.write('\r\u001b[K');
  }

  #draw(): void {
    const { label, bytes, totalBytes } = this.#state();
    const seconds = (performance.now() - this.#started) / 1000;
    const rate = seconds > 0.2 ? bytes / seconds : 0;
    const wheel = WHEEL[this.#turn++ % WHEEL.length];
    const facts = [
      totalBytes === undefined || totalBytes === 0
        ? formatBytes(bytes)
        : `${Math.floor((100 * bytes) / totalBytes)} %  ${formatBytes(bytes)} of ${formatBytes(totalBytes)}`,
      rate > 0 ? `${formatBytes(rate)}/s` : '',
      rate > 0 && totalBytes !== undefined && totalBytes > bytes ? `${formatSeconds((totalBytes - bytes) / rate)} left` : '',
    ].filter((fact) => fact !== '');
    const tail = `  ${facts.join('  ')}`;
    const room = Math.max(8, columns() - tail.length - 4);
    const head = label.length > room ? `…${label.slice(label.length - room + 1)}` : label;
    void this.#output.write(`\r${wheel} ${head}${tail}\u001b[K`).catch(() => {});
  }
}

/** Columns of the terminal; reports keep to 80 whatever it has. */
export function columns(): number {
  return Math.min(process.stderr.columns || 80, 120);
}
