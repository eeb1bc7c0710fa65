import type { Context } from '../context.js';
import { openRegistry } from '../algorithms.js';
import { colourFor } from '../colour.js';
import { hanging } from '../columns.js';

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly package: string;
  readonly version: string;
  readonly kernels: readonly { readonly kind: string; readonly available: boolean; readonly reason?: string }[];
}

/** `chunker list`: what is registered, from which package, and which kernels work here. */
export async function list(context: Context): Promise<void> {
  const { registry, plugins, broken } = await openRegistry(context);
  const rows: Row[] = [];
  for (const plugin of plugins) {
    for (const { kind, name } of plugin.algorithms) {
      const explained = await registry.explain(name, { kind, all: true });
      const kernels = explained.kernels.map(({ kind, available, reason }) => ({ kind, available, ...(reason === undefined ? {} : { reason }) }));
      rows.push({ kind, name, package: plugin.package, version: plugin.version, kernels });
    }
  }
  if (context.json) {
    // Of the same form, for whoever looks at the kernels of all.
    const left = broken.map(({ package: name, reason }) => ({ kind: 'broken', name, package: name, version: '', kernels: [], reason }));
    return context.document([...rows, ...left]);
  }
  for (const kind of ['codec', 'hash', 'chunker'])
    await printKind(
      context,
      kind,
      rows.filter((row) => row.kind === kind),
    );
  if (broken.length > 0) await context.line('broken');
  for (const { package: name, reason } of broken) await lines(context, `  ${name}: ${reason}`);
}

async function printKind(context: Context, kind: string, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const name = Math.max(8, ...rows.map((row) => row.name.length));
  const from = Math.max(...rows.map((row) => row.package.length + row.version.length + 1));
  await context.line(colourFor(context.out.isTerminal).strong(kind === 'codec' ? 'codecs' : kind === 'hash' ? 'hashes' : 'chunkers'));
  for (const row of rows) {
    const works = row.kernels.filter((kernel) => kernel.available).map((kernel) => kernel.kind);
    const not = row.kernels.filter((kernel) => !kernel.available);
    const kernels = works.length === 0 ? 'no kernel works here' : works.join(', ');
    await lines(context, `  ${row.name.padEnd(name)}  ${`${row.package} ${row.version}`.padEnd(from)}  ${kernels}`);
    for (const { kind, reason } of not) await lines(context, `  ${''.padEnd(name)}  not ${kind}: ${reason ?? 'not available'}`);
  }
}

async function lines(context: Context, text: string): Promise<void> {
  for (const line of hanging(text, context.out.columns)) await context.line(context.out.name(line));
}
