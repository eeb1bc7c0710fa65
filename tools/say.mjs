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
 * Runs a command. `inherit` shows its output as it comes; otherwise it is kept and answered, so that a caller shows it on failure. With `limitMs` it has a group of its own, all of which is ended when it takes
 * longer than that; `onStart` is given a function that ends it sooner.
 * Resolves to { code, output }.
 */
export function run(command, args, { cwd, env, inherit = false, onOutput, limitMs, onStart } = {}) {
  return new Promise((resolve) => {
    const stdio = ['ignore', inherit ? 'inherit' : 'pipe', inherit ? 'inherit' : 'pipe'];
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio, detached: limitMs !== undefined });
    let output = '';
    const keep = (bytes) => {
      output += bytes;
      onOutput?.(String(bytes));
    };
    const limit =
      limitMs === undefined
        ? undefined
        : setTimeout(() => {
            keep(`\n(ended: it had not come to its end after ${seconds(limitMs)})\n`);
            endGroup(child);
          }, limitMs);
    onStart?.(() => endGroup(child));
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const end = (code, words) => {
      clearTimeout(limit);
      resolve({ code, output: `${output}${words}` });
    };
    // What a command leaves running may hold its output open for ever.
    const letGo = () => {
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    };
    if (limitMs !== undefined) child.on('exit', () => setTimeout(letGo, 5000).unref());
    child.on('error', (error) => end(127, `${error.message}\n`));
    child.on('close', (code, signal) => end(code ?? 128, signal ? `(ended by ${signal})\n` : ''));
  });
}

/** Ends a process and all that it started, as far as they stayed in its group. */
function endGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is over, or was never begun.
  }
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
