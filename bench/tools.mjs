// Programs that people use today, run as whole processes: how long, with how much memory, and which version.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const LOOK_MS = 10;

/** What `--version` says; undefined where the program is not installed. */
export function versionOf(program) {
  for (const argument of ['--version', 'version']) {
    const { status, stdout } = spawnSync(program, [argument], { encoding: 'utf8' });
    if (status === 0) return stdout.match(/\d[\w.+]*/)?.[0] ?? 'of no known version';
  }
  return undefined;
}

/** Runs a program to its end: { ns, output, peakMiB }. The peak is the process's own, looked up while it runs. Throws where it fails. */
export function runTool(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    const child = spawn(command, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    let [peak, output, complaint] = [0, '', ''];
    const look = setInterval(() => {
      try {
        peak = Math.max(peak, Number(readFileSync(`/proc/${child.pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)?.[1] ?? 0));
      } catch {
        // ended between two looks, or no Linux
      }
    }, LOOK_MS);
    child.stdout.on('data', (bytes) => (output += bytes));
    child.stderr.on('data', (bytes) => (complaint += bytes));
    child.on('error', (error) => {
      clearInterval(look);
      reject(error);
    });
    child.on('close', (code) => {
      clearInterval(look);
      const ns = Number(process.hrtime.bigint() - began);
      if (code === 0) resolve({ ns, output, peakMiB: peak / 1024 });
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${complaint || output}`));
    });
  });
}
