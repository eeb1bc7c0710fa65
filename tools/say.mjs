// How the house's scripts talk: one line per step, the command's own output only where it helps.
import { spawn } from 'node:child_process';

const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = (text) => paint('1', text);
export const green = (text) => paint('32', text);
export const red = (text) => paint('31', text);

export function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Ends the script with a reason that a person can act on. */
export function fail(text) {
  process.stderr.write(`${red('chunker:')} ${text}\n`);
  process.exit(1);
}

/** Milliseconds as a person says them. */
export function seconds(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Runs a command. `inherit` shows its output as it comes; otherwise it is kept and answered, so that a caller shows it on failure.
 * Resolves to { code, output }.
 */
export function run(command, args, { cwd, env, inherit = false, onOutput } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', inherit ? 'inherit' : 'pipe', inherit ? 'inherit' : 'pipe'] });
    let output = '';
    const keep = (bytes) => {
      output += bytes;
      onOutput?.(String(bytes));
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on('close', (code, signal) => resolve({ code: code ?? 128, output: signal ? `${output}(ended by ${signal})\n` : output }));
  });
}

/** A named step with its time; its output is shown when it fails, and the script ends. */
export async function step(name, command, args, options = {}) {
  const started = performance.now();
  process.stdout.write(`${bold(name)} … `);
  const ticker = process.stdout.isTTY ? undefined : setInterval(() => process.stdout.write('. '), 20_000);
  const result = await run(command, args, options);
  clearInterval(ticker);
  if (result.code !== 0) {
    say(red('failed'));
    process.stderr.write(result.output);
    fail(`'${command} ${args.join(' ')}' ended with ${result.code}`);
  }
  say(seconds(performance.now() - started));
  return result.output;
}
