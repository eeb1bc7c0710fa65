// A temporary folder for one run of something that starts many others: whatever they leave in it, also when they are killed, is gone when it is over.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is still to be removed when the process ends. */
const places = new Set();
process.on('exit', () => {
  for (const dispose of places) dispose();
});

/** Makes it. Others may write there, as in the system's. `dispose` removes it and answers the names that were left in it; twice is nothing. */
export function temporaryPlace() {
  const path = mkdtempSync(join(tmpdir(), 'chunker-run-'));
  chmodSync(path, 0o1777);
  const dispose = () => {
    if (!places.delete(dispose)) return [];
    const left = readdirSync(path);
    // rmSync cannot remove names that are no UTF-8, nor enter what may not be entered.
    if (left.length > 0)
      for (const [command, ...args] of [
        ['chmod', '-R', 'u+rwx'],
        ['rm', '-rf'],
      ])
        spawnSync(command, [...args, path], { stdio: 'ignore' });
    rmSync(path, { recursive: true, force: true });
    return left;
  };
  places.add(dispose);
  return { path, dispose };
}
