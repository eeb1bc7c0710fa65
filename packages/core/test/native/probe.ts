import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Addon, loadAddon } from '../../src/native/index.js';

/** The probe's operations (native/bindings/probe). */
export interface Probe extends Addon {
  sum(ticket: number, input: Uint8Array): void;
  sumSync(input: Uint8Array): number;
  slow(ticket: number, input: Uint8Array, milliseconds: number): void;
  nest(ticket: number, depth: number): void;
  nestSync(depth: number): number;
  panicInJob(ticket: number, inLoop: boolean): void;
  panicSync(): void;
  allocate(ticket: number, bytes: number): void;
  fault(ticket: number): void;
  faultSync(): void;
  echo(ticket: number, input: Uint8Array): void;
  echoInto(ticket: number, input: Uint8Array, output: Uint8Array): void;
  kinds(ticket: number, offsets: Float64Array): void;
  whole(number: number): number;
}

/** Builds the probe (nothing to do when it is fresh) and answers its file. */
export async function buildProbe(): Promise<string> {
  const { buildAddon } = (await import(new URL('../../../../tools/addon.mjs', import.meta.url).href)) as { buildAddon(stem: string): string };
  return buildAddon('probe');
}

/** The probe, loaded as a plugin loads its addon. */
export function loadProbe(): Probe {
  return loadAddon<Probe>({ stem: 'probe', packageName: '@chunker/probe', from: import.meta.url });
}

/** How a fixture ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  /** The JSON lines that it printed. */
  readonly said: readonly Record<string, unknown>[];
}

/** Fixtures run as processes of their own, over a bundle of core's native door and two copies of the probe. */
export class Fixtures {
  readonly #folder = mkdtempSync(join(tmpdir(), 'chunker-native-'));
  #environment: NodeJS.ProcessEnv = {};

  async prepare(): Promise<void> {
    const probe = await buildProbe();
    // One fixture runs as another user.
    chmodSync(this.#folder, 0o755);
    const bundle = join(this.#folder, 'native.mjs');
    const second = join(this.#folder, 'second.node');
    // Another file is another library to the dynamic linker: other code, other statics.
    copyFileSync(probe, second);
    const entry = fileURLToPath(new URL('../../src/native/index.ts', import.meta.url));
    await build({ entryPoints: [entry], bundle: true, format: 'esm', platform: 'node', outfile: bundle, conditions: ['@chunker/source'] });
    const { CHUNKER_THREADS: _, RAYON_NUM_THREADS: __, ...rest } = process.env;
    this.#environment = { ...rest, CHUNKER_TEST_NATIVE: bundle, CHUNKER_TEST_PROBE: probe, CHUNKER_TEST_PROBE_2: second };
  }

  /** Runs a fixture; `prefix` is a command that sets limits, such as `taskset`. */
  run(
    name: string,
    parameters: { args?: string[]; env?: NodeJS.ProcessEnv; prefix?: string[]; nodeArgs?: string[]; signalWhenReady?: NodeJS.Signals } = {},
  ): Promise<Ended> {
    const file = fileURLToPath(new URL(`../fixtures/native/${name}.mjs`, import.meta.url));
    const { args = [], env = {}, prefix = [], nodeArgs = [], signalWhenReady } = parameters;
    const [command, ...rest] = [...prefix, process.execPath, ...nodeArgs, file, ...args] as [string, ...string[]];
    return new Promise((resolve) => {
      const child = execFile(command, rest, { env: { ...this.#environment, ...env }, timeout: 290_000 }, (_error, stdout, stderr) => {
        const said = stdout.split('\n').filter((line) => line.startsWith('{'));
        resolve({ code: child.exitCode, signal: child.signalCode, stderr, said: said.map((line) => JSON.parse(line) as Record<string, unknown>) });
      });
      if (signalWhenReady !== undefined) child.stdout?.once('data', () => child.kill(signalWhenReady));
    });
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
