// Runs one step: in a temporary folder of its own, which is gone behind it, and not for ever.
import { availableParallelism, cpus } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { run } from '../say.mjs';
import { temporaryPlace } from '../temporary.mjs';
import { ROOT } from '../workspace.mjs';

const MINUTES = 25;

/** Milliseconds that all CPUs together were busy since the machine started. */
const busyTime = () => cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);

/** How to end each step that runs, for when `ready` is ended: they have groups of their own. */
const running = new Map();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    for (const end of running.values()) end();
    process.exit(130);
  });

/** Runs the step's command; answers what it wrote, how it ended, what its tests counted, how long it took, and how busy the machine was meanwhile. */
export async function perform({ name, command: [command, ...args], env, isTest = false, minutes = MINUTES }) {
  const place = temporaryPlace();
  const [started, busy] = [performance.now(), busyTime()];
  const settings = { cwd: ROOT, env: { TMPDIR: place.path, ...env }, limitMs: minutes * 60_000, onStart: (end) => running.set(name, end) };
  const { code, output } = await run(command, args, settings);
  running.delete(name);
  const left = place.dispose();
  const milliseconds = Math.round(performance.now() - started);
  const cpuShare = Number(((busyTime() - busy) / (milliseconds * availableParallelism())).toFixed(2));
  return { output, record: { name, code, milliseconds, cpuShare, left, ...count(output, code, isTest) } };
}

/** Counts that a step's own runner prints: cargo test, vitest, node:test. A step without a runner counts as one check. */
function count(output, code, isTest) {
  const plain = stripVTControlCharacters(output);
  const sum = (pattern) => [...plain.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  const passed = sum(/test result: \w+\. (\d+) passed/g) + sum(/^\s+Tests .*?(\d+) passed/gm) + sum(/^ℹ pass (\d+)/gm);
  const failed = sum(/test result: \w+\. \d+ passed; (\d+) failed/g) + sum(/^\s+Tests .*?(\d+) failed/gm) + sum(/^ℹ fail (\d+)/gm);
  const skipped = sum(/; (\d+) ignored/g) + sum(/^\s+Tests .*?(\d+) skipped/gm) + sum(/^ℹ skipped (\d+)/gm);
  if (passed + failed === 0) {
    const good = code === 0 && !isTest;
    return { passed: good ? 1 : 0, failed: good ? 0 : 1, skipped };
  }
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
}
