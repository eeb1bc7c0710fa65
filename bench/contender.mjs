// The Rust contender, built once, spoken to line by line.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../tools/workspace.mjs';

const FOLDER = join(ROOT, 'bench', 'contender');
const TARGET = join(ROOT, 'target', 'contender');

export const CONTENDER = join(TARGET, 'release', 'contender');

export function buildContender() {
  const { status } = spawnSync('cargo', ['build', '--release', '--quiet', '--locked', '--manifest-path', join(FOLDER, 'Cargo.toml')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CARGO_TARGET_DIR: TARGET },
  });
  if (status !== 0) throw new Error('the contender did not build');
}

/** A contender that has read `file`; `ask('cut 262144 1048576 4194304')` answers { ns, result }. */
export function openContender(file) {
  const child = spawn(CONTENDER, ['serve', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(command) {
      child.stdin.write(`${command}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the contender ended at '${command}'`);
      return JSON.parse(value);
    },
    close() {
      child.stdin.end();
    },
  };
}
