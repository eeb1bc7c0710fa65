// A fresh directory on a memory file system, so that no disk is measured. It is removed however the process ends; of one that was killed, by the next run.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const PREFIX = 'chunker-place-';
const places = new Set();

const remove = (path) => rmSync(path, { recursive: true, force: true });

function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function watch() {
  for (const name of readdirSync(MEMORY)) {
    const [, pid] = name.match(new RegExp(`^${PREFIX}(\\d+)-`)) ?? [];
    if (pid !== undefined && !lives(Number(pid))) remove(join(MEMORY, name));
  }
  process.on('exit', () => places.forEach(remove));
  for (const [signal, number] of [
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ]) {
    process.on(signal, () => process.exit(128 + number));
  }
}

/** The path of a new directory. */
export function place() {
  if (places.size === 0) watch();
  const path = mkdtempSync(join(MEMORY, `${PREFIX}${process.pid}-`));
  places.add(path);
  return path;
}
