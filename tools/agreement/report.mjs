// What was checked, line by line.
import { spawnSync } from 'node:child_process';
import { bold, green, red, say, seconds } from '../say.mjs';

const CI = process.env.CI === 'true';

const isThere = (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;

/** Runs the checks and prints the table as it grows. */
export class Report {
  agreed = 0;
  failed = 0;
  skipped = 0;
  /** Tools that are not installed, as found so far. */
  #missing = new Map();

  constructor() {
    say(bold(row('check', 'oracle', 'bytes', 'things', 'time', 'outcome')));
  }

  /** `work` answers { bytes, things } of what agreed, and throws where something does not. Without its `tools` it is a skip, in CI a failure. */
  async check(name, oracle, tools, work) {
    const missing = tools.filter((tool) => this.#lacks(tool));
    if (missing.length > 0) {
      CI ? this.failed++ : this.skipped++;
      return say(row(name, oracle, '', '', '', `${CI ? red('failed: ') : 'skipped: '}${missing.join(', ')} is not installed`));
    }
    const began = performance.now();
    try {
      const { bytes, things } = await work();
      this.agreed++;
      say(row(name, oracle, bytes.toLocaleString('en'), things ?? '', seconds(performance.now() - began), green('agrees')));
    } catch (error) {
      this.failed++;
      say(row(name, oracle, '', '', seconds(performance.now() - began), `${red('DIFFERS')}: ${error.message}`));
    }
  }

  /** In the words that `tools/ready.mjs` counts. */
  end() {
    say(`\nℹ pass ${this.agreed}\nℹ fail ${this.failed}\nℹ skipped ${this.skipped}`);
    return this.failed === 0;
  }

  #lacks(tool) {
    if (!this.#missing.has(tool)) this.#missing.set(tool, !isThere(tool));
    return this.#missing.get(tool);
  }
}

function row(name, oracle, bytes, things, time, outcome) {
  return `${name.padEnd(44)} ${oracle.padEnd(26)} ${String(bytes).padStart(14)} ${String(things).padStart(15)} ${time.padStart(8)}  ${outcome}`;
}
