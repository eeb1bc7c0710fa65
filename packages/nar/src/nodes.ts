import { displayPath, KIND, ReadRequests, type Tree, type TreeCursor, type WalkOptions } from '@chunker/io';

/** What an archive is made of, node by node in the archive's order. After `advance` answered true, the fields tell the node at hand. */
export interface Nodes {
  readonly depth: number;
  /** 1 regular, 2 directory, 3 symlink; anything else cannot be archived. */
  readonly kind: number;
  readonly executable: boolean;
  /** Bytes of a file. */
  readonly size: number;
  readonly name: Uint8Array;
  readonly target: Uint8Array;
  readonly path: Uint8Array;
  /** The path for people, beginning with where the root was found. */
  readonly shown: string;
  advance(): boolean | Promise<boolean>;
  /** Puts a range of the contents of the file at hand into the window, now or by `settle`. */
  contents(offset: number, length: number, window: Uint8Array, place: number): void;
  /** Fulfils when all `contents` asked for since the last call are in the window. */
  settle(window: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** The nodes of a tree on disk. Reading begins with `settle`, in one job for a window. */
export class DiskNodes implements Nodes {
  readonly #tree: Tree;
  readonly #cursor: TreeCursor;
  readonly #signal: AbortSignal | undefined;
  #requests = new ReadRequests();
  /** Used before and empty again: their buffers have grown to what windows need. */
  readonly #spare: ReadRequests[] = [];

  constructor(tree: Tree, options: WalkOptions) {
    this.#tree = tree;
    this.#cursor = tree.cursor(options);
    this.#signal = options.signal;
  }

  get depth(): number {
    return this.#cursor.depth;
  }

  get kind(): number {
    return this.#cursor.kind;
  }

  get executable(): boolean {
    return this.#cursor.executable;
  }

  get size(): number {
    return this.kind === KIND.regular ? this.#cursor.size : 0;
  }

  get name(): Uint8Array {
    return this.#cursor.name;
  }

  get target(): Uint8Array {
    return this.#cursor.target;
  }

  get path(): Uint8Array {
    return this.#cursor.path;
  }

  get shown(): string {
    const { path } = this.#cursor;
    return path.length === 0 ? this.#tree.path : `${this.#tree.path}/${displayPath(path)}`;
  }

  advance(): boolean | Promise<boolean> {
    return this.#cursor.advance();
  }

  contents(offset: number, length: number, _window: Uint8Array, place: number): void {
    const { directory, listing, index } = this.#cursor;
    this.#requests.add(directory, listing, index, offset, length, place);
  }

  async settle(window: Uint8Array): Promise<void> {
    const requests = this.#requests;
    if (requests.count === 0) return;
    this.#requests = this.#spare.pop() ?? new ReadRequests();
    await this.#tree.read(requests, window, { signal: this.#signal });
    requests.clear();
    this.#spare.push(requests);
  }

  close(): Promise<void> {
    return this.#tree.close();
  }
}
