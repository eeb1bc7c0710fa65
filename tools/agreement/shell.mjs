// Command lines run in bash, and what comes out of them compared while it flows.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const running = new Set();

/** Ends what was started and has not ended, with all that it started. */
export function endAll() {
  for (const child of running) end(child);
}

function end(child) {
  if (!running.has(child)) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ended meanwhile
  }
}

/** A word for the shell. */
export const quoted = (word) => `'${String(word).replaceAll("'", "'\\''")}'`;

function start(line) {
  const child = spawn('bash', ['-o', 'pipefail', '-c', line], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running.add(child);
  let words = '';
  child.stderr.on('data', (piece) => {
    words = (words + piece).slice(-2000);
  });
  const ended = once(child, 'close').then(([status]) => {
    running.delete(child);
    if (status !== 0) throw new Error(`'${line.length > 200 ? `${line.slice(0, 200)}…` : line}' ended with ${status}: ${words.trim()}`);
  });
  ended.catch(() => {});
  return { child, ended };
}

/** All output of a command line as text. Rejects where it fails. */
export async function text(line) {
  const { child, ended } = start(line);
  const pieces = [];
  for await (const piece of child.stdout) pieces.push(piece);
  await ended;
  return Buffer.concat(pieces).toString();
}

/** Two command lines that must give the same bytes; answers how many. `watch` sees the bytes. */
export async function sameBytes(ours, theirs, watch) {
  const both = [start(ours), start(theirs)];
  try {
    return await compare(both, watch);
  } finally {
    for (const { child } of both) end(child);
  }
}

async function compare([ours, theirs], watch) {
  const [a, b] = [ours, theirs].map(({ child }) => child.stdout[Symbol.asyncIterator]());
  let [x, y] = [new Uint8Array(0), new Uint8Array(0)];
  for (let at = 0; ; ) {
    if (x.length === 0) x = (await a.next()).value;
    if (y.length === 0) y = (await b.next()).value;
    // Who ended too early may have failed, and says why.
    if (x === undefined) await ours.ended;
    if (y === undefined) await theirs.ended;
    if (x === undefined && y === undefined) return at;
    if (x === undefined || y === undefined) throw new Error(`${x === undefined ? 'ours' : 'theirs'} ends after ${at} bytes, the other goes on`);
    const length = Math.min(x.length, y.length);
    if (Buffer.compare(x.subarray(0, length), y.subarray(0, length)) !== 0) throw new Error(`the bytes differ after ${at}`);
    watch?.(x.subarray(0, length));
    at += length;
    [x, y] = [x.subarray(length), y.subarray(length)];
  }
}

/** Two lists of lines that must be the same. */
export function sameLines(ours, theirs) {
  const at = ours.findIndex((line, i) => line !== theirs[i]);
  if (at >= 0 || ours.length !== theirs.length) {
    const where = at < 0 ? ours.length : at;
    throw new Error(`line ${where + 1} of ${ours.length} and ${theirs.length}: ours '${ours[where] ?? 'nothing'}', theirs '${theirs[where] ?? 'nothing'}'`);
  }
}

/** Lines of a text that ends in a newline. */
export const linesOf = (all) => all.split('\n').slice(0, -1);
