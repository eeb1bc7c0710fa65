import { NarError } from '@chunker/core';
import { compareBytes, displayPath, joinPath, KIND, type PathLike } from '@chunker/io';
import { NAR_LIMITS } from './limits.js';
import type { Nodes } from './nodes.js';

/** A tree in memory. Names and targets are bytes or text (UTF-8); entries need no order. */
export type NarTree =
  | { readonly kind: 'regular'; readonly contents: Uint8Array; readonly executable?: boolean | undefined }
  | { readonly kind: 'symlink'; readonly target: PathLike }
  | { readonly kind: 'directory'; readonly entries: Iterable<readonly [PathLike, NarTree]> };

interface Level {
  /** The directory's own name. */
  readonly name: Uint8Array;
  readonly entries: readonly (readonly [Uint8Array, NarTree])[];
  next: number;
}

const NOTHING = new Uint8Array(0);

/** The nodes of a described tree. Names and targets that no archive may hold are refused when they are reached. */
export class DescribedNodes implements Nodes {
  readonly #levels: Level[] = [];
  #node: NarTree;
  #started = false;
  #entered = false;
  depth = 0;
  name: Uint8Array = NOTHING;
  target: Uint8Array = NOTHING;

  constructor(root: NarTree) {
    this.#node = root;
  }

  get kind(): number {
    return KIND[this.#node.kind];
  }

  get executable(): boolean {
    return this.#node.kind === 'regular' && this.#node.executable === true;
  }

  get size(): number {
    return this.#node.kind === 'regular' ? this.#node.contents.length : 0;
  }

  get path(): Uint8Array {
    return this.#join(this.name);
  }

  get shown(): string {
    return `'${displayPath(this.path)}'`;
  }

  advance(): boolean {
    if (!this.#started) {
      this.#started = true;
      return this.#arrive();
    }
    if (this.#entered && this.#node.kind === 'directory') {
      this.#levels.push({ name: this.name, entries: this.#sorted(this.#node.entries), next: 0 });
    }
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      const entry = level.entries[level.next++];
      if (entry === undefined) {
        this.#levels.pop();
        continue;
      }
      this.depth = this.#levels.length;
      [this.name, this.#node] = entry;
      return this.#arrive();
    }
    return false;
  }

  contents(offset: number, length: number, window: Uint8Array, place: number): void {
    if (this.#node.kind === 'regular') window.set(this.#node.contents.subarray(offset, offset + length), place);
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #arrive(): true {
    this.#entered = this.#node.kind === 'directory';
    if (this.#node.kind === 'symlink') {
      this.target = nameBytes(this.#node.target);
      checkTarget(this.target, () => this.path);
    }
    return true;
  }

  /** Entries of the directory at hand in the archive's order, each name checked. */
  #sorted(entries: Iterable<readonly [PathLike, NarTree]>): Level['entries'] {
    const list = Array.from(entries, ([name, node]) => [nameBytes(name), node] as const);
    list.sort(([a], [b]) => compareBytes(a, b));
    let before: Uint8Array | undefined;
    for (const [name] of list) {
      checkName(name, before, () => joinPath(this.path, name));
      before = name;
    }
    return list;
  }

  /** Made only when somebody asks: in a deep tree, paths of all nodes would be the largest part of it. */
  #join(name: Uint8Array): Uint8Array {
    const names = [...this.#levels.slice(1).map((level) => level.name), name];
    return Buffer.concat(names.flatMap((one, i) => (i === 0 ? [one] : [SLASH, one])));
  }
}

const SLASH = new Uint8Array([0x2f]);

const encoder = new TextEncoder();

function nameBytes(name: PathLike): Uint8Array {
  return typeof name === 'string' ? encoder.encode(name) : name;
}

function checkName(name: Uint8Array, before: Uint8Array | undefined, path: () => Uint8Array): void {
  const dots = name.length <= 2 && name.every((byte) => byte === 0x2e);
  if (dots || name.includes(0) || name.includes(0x2f)) throw refused('invalid_name', path, 'is no name that an archive may hold');
  if (name.length > NAR_LIMITS.name) {
    throw refused('name_too_long', path, `is a name of ${name.length} bytes; an archive holds at most ${NAR_LIMITS.name}`);
  }
  if (before !== undefined && compareBytes(before, name) === 0) throw refused('duplicate_entry', path, 'is there twice');
}

function checkTarget(target: Uint8Array, path: () => Uint8Array): void {
  if (target.length === 0 || target.includes(0)) throw refused('invalid_target', path, 'has a target that is empty or holds NUL');
  if (target.length > NAR_LIMITS.target) {
    throw refused('target_too_long', path, `has a target of ${target.length} bytes; an archive holds at most ${NAR_LIMITS.target}`);
  }
}

function refused(
  code: 'invalid_name' | 'name_too_long' | 'duplicate_entry' | 'invalid_target' | 'target_too_long',
  at: () => Uint8Array,
  why: string,
): NarError {
  const path = displayPath(at());
  return new NarError(code, { path }, { message: `'${path}' ${why}` });
}
