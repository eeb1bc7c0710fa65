import type { ExecutorFigures } from '@chunker/core/runtime';
import { colourFor } from '../colour.js';
import { columnsOf, hanging, signs } from '../columns.js';
import type { Context } from '../context.js';
import type { InputKind } from '../inputs.js';
import { formatBytes, formatCount, formatSeconds } from '../sizes.js';

/** One path of a scan. */
export interface ScannedPath {
  readonly path: string;
  readonly kind: InputKind;
  readonly bytes: number;
  readonly narHash?: string;
  readonly chunks: number;
}

/** What `scan --json` prints. */
export interface ScanReport {
  readonly paths: readonly ScannedPath[];
  readonly bytes: number;
  readonly chunks: number;
  readonly uniqueChunks: number;
  readonly uniqueBytes: number;
  readonly compressedBytes: number;
  readonly seconds: number;
  /** What the threads of the native kernels did; absent where there are none. */
  readonly executor?: ExecutorFigures;
  readonly verified?: boolean;
}

interface Specs {
  readonly chunker: string;
  readonly hash: string;
  readonly codec: string | undefined;
}

/** Paths that are listed one by one; of more only the sum is told. */
const LISTED = 12;

/** Columns in front of what is said of a figure. */
const FIGURES = 27;

/** The report for people: 80 columns, figures under figures; on a narrower terminal what is said of them stands below. */
export async function printReport(context: Context, report: ScanReport, specs: Specs): Promise<void> {
  const { strong } = colourFor(context.out.isTerminal);
  const width = context.out.columns;
  const row = async (name: string, size: string, rest: string) => {
    const head = `  ${name.padEnd(12)}${strong(size.padStart(10))}`;
    if (FIGURES + columnsOf(rest) <= width) return context.line(`${head}   ${rest}`);
    if (name !== '') await context.line(head);
    for (const line of hanging(`    ${rest}`, width)) await context.line(line);
  };
  await printPaths(context, report);
  const { bytes, chunks, uniqueChunks, uniqueBytes, compressedBytes, seconds } = report;
  await row('read', formatBytes(bytes), `${plural(chunks, 'chunk')}${chunks === 0 ? '' : `, ${formatBytes(bytes / chunks)} on average`}`);
  await row('unique', formatBytes(uniqueBytes), `${plural(uniqueChunks, 'chunk')}, ${percent(uniqueBytes, bytes)}: deduplication ${ratio(bytes, uniqueBytes)}`);
  if (specs.codec !== undefined) {
    await row(
      'compressed',
      formatBytes(compressedBytes),
      `${percent(compressedBytes, uniqueBytes)} of unique: compression ${ratio(uniqueBytes, compressedBytes)}`,
    );
    await row('', '', `${percent(compressedBytes, bytes)} of all: together ${ratio(bytes, compressedBytes)}`);
  }
  await row('time', formatSeconds(seconds), `${formatBytes(bytes / Math.max(seconds, 1e-6))}/s`);
  if (report.verified === true) {
    const words = specs.codec === undefined ? 'the chunks put together again are the input' : 'unique chunks decompressed and compared, and the sum';
    await row('verified', 'yes', words);
  }
  await context.line('');
  const used = [specs.chunker, specs.hash, specs.codec].filter((spec) => spec !== undefined).join('  ');
  for (const line of hanging(`  ${used}`, width)) await context.line(line);
}

async function printPaths(context: Context, { paths }: ScanReport): Promise<void> {
  for (const { path, kind, bytes, narHash } of paths.slice(0, LISTED)) {
    const facts = `  ${kind.padEnd(9)} ${formatBytes(bytes).padStart(9)}`;
    const name = context.out.name(path);
    const space = Math.min(context.out.columns, 80) - 2 - columnsOf(name) - facts.length;
    await context.line(space < 0 ? `${name}\n${facts}` : `${name}${' '.repeat(space)}${facts}`);
    if (narHash !== undefined) await context.line(`  narHash ${narHash}`);
  }
  if (paths.length > LISTED) await context.line(`and ${plural(paths.length - LISTED, 'more path')}`);
  if (paths.length > 0) await context.line('');
}

function plural(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? signs().dash : `${((100 * part) / whole).toFixed(1)} %`;
}

function ratio(whole: number, part: number): string {
  return part === 0 ? signs().dash : `${(whole / part).toFixed(2)} x`;
}
