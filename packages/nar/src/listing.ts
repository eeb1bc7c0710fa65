import { NarError } from '@chunker/core';
import type { NarHandler, NarParser } from './parser.js';
import type { NarSource } from './pieces.js';
import { type NarReadOptions, parseNar } from './read.js';
import { nameText } from './text.js';

/** One entry of a listing. Names and targets are text; bytes that are no UTF-8 stand as lone surrogates U+DC80 to U+DCFF (PEP 383). */
export type NarListingNode =
  | {
      readonly type: 'regular';
      readonly size: number;
      readonly executable: boolean;
      /** Where in the archive the contents begin. */
      readonly narOffset: number;
    }
  | { readonly type: 'symlink'; readonly target: string }
  | NarListingDirectory;

/** A directory of a listing. */
export interface NarListingDirectory {
  readonly type: 'directory';
  /** In the archive's order. */
  readonly entries: ReadonlyMap<string, NarListingNode>;
}

/** What an archive holds: a binary cache's `.ls` file. */
export interface NarListing {
  readonly version: 1;
  readonly root: NarListingNode;
}

/** Lists an archive; of a file, contents are not even read. Rejects as `readNar` does. */
export async function listNar(source: NarSource, options: NarReadOptions = {}): Promise<NarListing> {
  const lister = new Lister();
  await parseNar(source, lister, options);
  return { version: 1, root: lister.root as NarListingNode };
}

class Lister implements NarHandler {
  root: NarListingNode | undefined;
  readonly #open: Map<string, NarListingNode>[] = [];

  directory(parser: NarParser): void {
    const entries = new Map<string, NarListingNode>();
    this.#add(parser, { type: 'directory', entries });
    this.#open[parser.depth] = entries;
  }

  file(parser: NarParser): boolean {
    const { size, executable, contentsOffset } = parser;
    this.#add(parser, { type: 'regular', size, executable, narOffset: contentsOffset });
    return false;
  }

  contents(): void {}

  symlink(parser: NarParser): void {
    this.#add(parser, { type: 'symlink', target: nameText(parser.target) });
  }

  end(): void {}

  #add(parser: NarParser, node: NarListingNode): void {
    if (parser.depth === 0) this.root = node;
    else this.#open[parser.depth - 1]?.set(nameText(parser.name), node);
  }
}

/**
 * A listing as JSON, as Nix writes it: `executable` only where it is true, entries in the archive's order (that of an object's keys would put `10` before `9a`). Not recursive: depth is the caller's choice.
 */
export function formatListing({ version, root }: NarListing): string {
  const parts: string[] = [`{"version":${version},"root":`];
  const open: Iterator<[string, NarListingNode]>[] = [];
  const begin = (node: NarListingNode) => {
    parts.push(headOf(node));
    if (node.type === 'directory') open.push(node.entries[Symbol.iterator]());
  };
  begin(root);
  let isFirst = true;
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const { done, value } = level.next();
    if (done === true) {
      parts.push('}}');
      open.pop();
      isFirst = false;
      continue;
    }
    const [name, node] = value;
    parts.push(isFirst ? '' : ',', JSON.stringify(name), ':');
    isFirst = node.type === 'directory';
    begin(node);
  }
  return `${parts.join('')}}`;
}

function headOf(node: NarListingNode): string {
  if (node.type === 'directory') return '{"type":"directory","entries":{';
  if (node.type === 'symlink') return JSON.stringify({ type: 'symlink', target: node.target });
  const { type, size, executable, narOffset } = node;
  return JSON.stringify({ type, size, ...(executable ? { executable } : {}), narOffset });
}

/**
 * Reads the JSON of a `.ls` file, of Nix or of `formatListing`.
 *
 * @throws NarError `corrupt_data` for what is no listing of version 1
 */
export function parseListing(json: string): NarListing {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new NarError('corrupt_data', { operation: 'list', reason: 'no JSON' }, { cause });
  }
  if (!isRecord(value) || value.version !== 1) throw new NarError('corrupt_data', { operation: 'list', reason: 'no listing of version 1' });
  return { version: 1, root: nodeOf(value.root) };
}

function nodeOf(root: unknown): NarListingNode {
  let made: NarListingNode | undefined;
  const waiting: { readonly value: unknown; readonly put: (node: NarListingNode) => void }[] = [
    {
      value: root,
      put: (node) => {
        made = node;
      },
    },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, put } = next;
    if (isRecord(value) && value.type === 'directory' && isRecord(value.entries)) {
      const entries = new Map<string, NarListingNode>();
      put({ type: 'directory', entries });
      for (const [name, entry] of Object.entries(value.entries)) waiting.push({ value: entry, put: (node) => void entries.set(name, node) });
    } else put(leafOf(value));
  }
  return made as NarListingNode;
}

function leafOf(value: unknown): NarListingNode {
  if (isRecord(value) && value.type === 'symlink' && typeof value.target === 'string') return { type: 'symlink', target: value.target };
  if (isRecord(value) && value.type === 'regular') {
    const { size, executable = false, narOffset = 0 } = value;
    if (isCount(size) && isCount(narOffset) && typeof executable === 'boolean') return { type: 'regular', size, executable, narOffset };
  }
  throw new NarError('corrupt_data', { operation: 'list', reason: 'an entry is no file, directory or symbolic link' });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
