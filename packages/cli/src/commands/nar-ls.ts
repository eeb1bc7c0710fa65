import { formatListing, listNar, type NarListingNode } from '@chunker/nar';
import { openArchive, withProgress } from '../archive.js';
import type { Context } from '../context.js';
import { usageError } from '../failure.js';
import { printable } from '../names.js';

export interface LsOptions {
  readonly recursive?: boolean;
  readonly long?: boolean;
}

/** Lines are written this many at a time. */
const LINES = 1000;

/** `chunker nar ls`: names as `nix nar ls` prints them; with `--json` the whole listing, as a binary cache has it. */
export async function narLs(context: Context, operands: readonly string[], options: LsOptions): Promise<void> {
  if (operands.length > 1) throw usageError('nar ls takes one archive');
  const path = operands[0] ?? '-';
  const listing = await withProgress(context, `nar ls ${printable(path)}`, async (onBytes) =>
    listNar(await openArchive(context, path), { signal: context.signal, onBytes }),
  );
  if (context.json) return context.line(formatListing(listing));
  let lines: string[] = [];
  for (const [name, node] of entries(listing.root, options.recursive === true)) {
    lines.push(context.out.name(options.long === true ? longLine(name, node) : name));
    if (lines.length < LINES) continue;
    await context.line(lines.join('\n'));
    lines = [];
  }
  if (lines.length > 0) await context.line(lines.join('\n'));
}

/** What is below the root, or the root itself where it is no directory. */
function* entries(root: NarListingNode, isRecursive: boolean): Generator<readonly [string, NarListingNode]> {
  if (root.type !== 'directory') return yield ['.', root];
  const open = [{ path: '.', rest: root.entries[Symbol.iterator]() }];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const { done, value } = level.rest.next();
    if (done === true) {
      open.pop();
      continue;
    }
    const [name, node] = value;
    const path = `${level.path}/${name}`;
    yield [path, node];
    if (isRecursive && node.type === 'directory') open.push({ path, rest: node.entries[Symbol.iterator]() });
  }
}

function longLine(path: string, node: NarListingNode): string {
  const size = node.type === 'regular' ? node.size : 0;
  const line = `${modeOf(node)} ${String(size).padStart(20)} ${path}`;
  return node.type === 'symlink' ? `${line} -> ${node.target}` : line;
}

function modeOf(node: NarListingNode): string {
  if (node.type === 'directory') return 'dr-xr-xr-x';
  if (node.type === 'symlink') return 'lrwxrwxrwx';
  return node.executable ? '-r-xr-xr-x' : '-r--r--r--';
}
