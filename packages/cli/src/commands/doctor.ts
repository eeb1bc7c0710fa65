import { createRequire } from 'node:module';
import os from 'node:os';
import { pathToFileURL } from 'node:url';
import { type ExecutorInfo, executorInfo, loadAddon, platformTriple } from '@chunker/core/native';
import { explainIo } from '@chunker/io';
import { openRegistry } from '../algorithms.js';
import { colourFor } from '../colour.js';
import { hanging } from '../columns.js';
import type { Context } from '../context.js';
import { type Accelerator, accelerators, type Limits, limits } from '../machine.js';
import { versionOf } from '../plugins.js';
import { formatBytes } from '../sizes.js';

interface KernelLine {
  readonly kind: string;
  readonly name: string;
  readonly kernel?: string;
  readonly tried: readonly { readonly kind: string; readonly available: boolean; readonly reason?: string }[];
}

interface Findings {
  readonly versions: Readonly<Record<string, string>>;
  readonly cpu: { readonly model: string; readonly features: readonly string[] };
  readonly threads: Partial<ExecutorInfo> & { readonly reason: string };
  readonly kernels: readonly KernelLine[];
  readonly accelerators: readonly Accelerator[];
  readonly limits: Limits;
  /** Plugins that could not be used. */
  readonly broken: readonly { readonly package: string; readonly reason: string }[];
}

/** `chunker doctor`: what this machine has, what was chosen, and why. */
export async function doctor(context: Context): Promise<void> {
  const { registry, plugins, broken } = await openRegistry(context);
  const kernels: KernelLine[] = [{ kind: 'io', name: 'io', ...chosen(await explainIo()) }];
  for (const { algorithms } of plugins) {
    for (const { kind, name } of algorithms) kernels.push({ kind, name, ...chosen((await registry.explain(name, { kind, all: true })).kernels) });
  }
  const executor = executorOf();
  const findings: Findings = {
    versions: {
      chunker: versionOf('@chunker/core'),
      node: process.versions.node,
      v8: process.versions.v8,
      platform: platformTriple(),
      ...packageVersions(plugins),
    },
    cpu: { model: os.cpus()[0]?.model.trim() ?? 'unknown', features: typeof executor === 'string' ? [] : executor.cpu },
    threads: typeof executor === 'string' ? { reason: executor } : executor,
    kernels,
    accelerators: accelerators(),
    limits: limits(),
    broken,
  };
  await (context.json ? context.document(findings) : print(context, findings));
}

type Report = { readonly kind: string; readonly available: boolean; readonly chosen: boolean; readonly reason?: string };

function chosen(reports: readonly Report[]): Pick<KernelLine, 'tried'> & { readonly kernel?: string } {
  const kernel = reports.find((report) => report.chosen)?.kind;
  const tried = reports.map(({ kind, available, reason }) => ({ kind, available, ...(reason === undefined ? {} : { reason }) }));
  return { ...(kernel === undefined ? {} : { kernel }), tried };
}

/** Every addon sees the same executor; io's is always installed. Without it the reason is told. */
function executorOf(): ExecutorInfo | string {
  try {
    const from = pathToFileURL(createRequire(import.meta.url).resolve('@chunker/io/package.json')).href;
    return executorInfo(loadAddon({ stem: 'io', packageName: '@chunker/io', from }));
  } catch (error) {
    return `no native code: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function packageVersions(plugins: readonly { readonly package: string; readonly version: string }[]): Record<string, string> {
  return Object.fromEntries(plugins.map(({ package: name, version }) => [name, version]));
}

async function print(context: Context, found: Findings): Promise<void> {
  const { threads } = found;
  await section(
    context,
    'versions',
    Object.entries(found.versions).map(([name, version]) => `${name} ${version}`),
  );
  await section(context, 'cpu', [found.cpu.model, ...(found.cpu.features.length === 0 ? [] : [found.cpu.features.join(' ')])]);
  const pool = threads.threads === undefined ? [] : [`${threads.threads} threads (${threads.reason}), nice ${threads.nice}, ${threads.affinity} CPUs allowed`];
  const joined =
    threads.shared === undefined
      ? [threads.reason]
      : [threads.shared ? 'one pool for all addons of the process' : 'this addon could not join the pool of the process and has its own'];
  await section(context, 'threads', [...pool, ...joined]);
  await section(context, 'kernels', found.kernels.flatMap(kernelLines));
  await section(
    context,
    'accelerators',
    found.accelerators.map(({ name, present, reason }) => `${name}: ${present ? 'present, not used yet' : `none (${reason})`}`),
  );
  if (found.broken.length > 0)
    await section(
      context,
      'broken plugins',
      found.broken.map(({ package: name, reason }) => `${name}: ${reason}`),
    );
  const { cgroupCpus, cgroupMemoryBytes, memoryBytes, openFiles } = found.limits;
  await section(context, 'limits', [
    `memory ${formatBytes(memoryBytes)}${cgroupMemoryBytes === undefined ? '' : `, of which this group may use ${formatBytes(cgroupMemoryBytes)}`}`,
    ...(cgroupCpus === undefined ? [] : [`CPU quota ${cgroupCpus}`]),
    ...(openFiles === undefined ? [] : [`${openFiles} open files`]),
  ]);
}

function kernelLines({ kind, name, kernel, tried }: KernelLine): string[] {
  const label = kind === name ? name : `${kind} ${name}`;
  const not = tried.filter(({ available, reason }) => !available && reason !== undefined).map((one) => `  not ${one.kind}: ${one.reason}`);
  return [`${label.padEnd(20)} ${kernel ?? 'none works here'}`, ...not];
}

async function section(context: Context, title: string, lines: readonly string[]): Promise<void> {
  await context.line(colourFor(context.out.isTerminal).strong(title));
  for (const line of lines) for (const part of hanging(`  ${line}`, context.out.columns)) await context.line(part);
}
