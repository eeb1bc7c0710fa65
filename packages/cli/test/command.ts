import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('./sources.mjs', import.meta.url));
const ENTRY = fileURLToPath(new URL('../src/chunker.ts', import.meta.url));
/** How node runs the command from its sources. */
export const ARGUMENTS = ['--conditions=@chunker/source', '--import', SOURCES, ENTRY];

/** How a command ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Standard output as text. */
  readonly text: string;
}

/** What a test may say about how the command runs. */
export interface RunOptions {
  readonly input?: Uint8Array | string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the command from its sources. */
export function start(given: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [...ARGUMENTS, ...given], options);
}

/** Runs the command to its end. */
export function chunker(given: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return ended(start(given, { cwd: options.cwd, env: { ...process.env, ...options.env } }), options.input);
}

/** Runs the command line in a shell; `chunker` in it is the command. */
export function shell(line: string, options: RunOptions = {}): Promise<Ended> {
  const env = { ...process.env, ...options.env, NODE: process.execPath, CHUNKER_SOURCES: ARGUMENTS.join(' ') };
  const child = spawn('bash', ['-c', `chunker() { "$NODE" $CHUNKER_SOURCES "$@"; }\n${line}`], { cwd: options.cwd, env });
  return ended(child, options.input);
}

export function ended(child: ChildProcess, input?: Uint8Array | string): Promise<Ended> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (piece: Buffer) => out.push(piece));
  child.stderr?.on('data', (piece: Buffer) => err.push(piece));
  child.stdin?.on('error', () => {});
  child.stdin?.end(input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      const stdout = Buffer.concat(out);
      resolve({ status, stdout, stderr: Buffer.concat(err).toString(), text: stdout.toString() });
    });
  });
}

/** Waits until the command listens for signals, however long it takes to get there: then it catches SIGHUP, which node itself leaves alone. Where that cannot be seen, it waits for long. */
export async function listening(child: ChildProcess): Promise<void> {
  if (process.platform !== 'linux') return wait(5000);
  for (; child.exitCode === null && child.signalCode === null; await wait(20)) {
    const [, caught = '0'] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
    if ((BigInt(`0x${caught}`) & 1n) === 1n) return;
  }
}

/** The output of another tool, or undefined where it is not installed: then the test is skipped by name, in CI it fails. */
export function oracle(tool: string, given: readonly string[], input?: Uint8Array): Buffer | undefined {
  const { error, stdout, status } = spawnSync(tool, given, { input, maxBuffer: 2 ** 30 });
  if (error !== undefined) {
    if (process.env.CI === 'true') throw new Error(`${tool} is not installed, and CI must have it`);
    return undefined;
  }
  if (status !== 0) throw new Error(`${tool} ${given.join(' ')} ended with ${status}`);
  return stdout;
}
