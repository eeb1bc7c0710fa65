import { NarError } from '@chunker/core';
import { ioKernel, openTree, type PathLike, type Tree, type WalkOptions } from '@chunker/io';
import { ArchivedTree } from './archived-tree.js';
import { DescribedNodes, type NarTree } from './described.js';
import { FramedNodes, type PackerOptions } from './framed-nodes.js';
import type { Layout } from './layout.js';
import { NAR_LIMITS } from './limits.js';
import { DiskNodes } from './nodes.js';
import { NarPacker } from './packer.js';

/** What an archive is made from: a path, a tree that is open already (closed by the packer), or a description in memory. */
export type NarInput = PathLike | Tree | NarTree;

/** Options of packing: those of the walk (`exclude`, `oneFileSystem`, `onError`, `signal`; they concern trees on disk) and of the archive. */
export interface PackOptions extends WalkOptions, PackerOptions {}

/** How an archive is written as a stream. */
export interface NarStreamOptions extends PackOptions {
  /** Bytes of a window; default 1 MiB. */
  readonly windowBytes?: number | undefined;
  /** Windows that are filled at the same time; default 3. */
  readonly windows?: number | undefined;
}

/**
 * The archive of a directory, file or symbolic link, to be filled into windows of the caller's: slab-backed views are filled without a copy. Bytes are those of
 * `nix-store --dump`. Close it when done.
 *
 * @throws IoError when the path cannot be opened. While it is read: NarError `unsupported_file_type` (socket, device, fifo), `too_deep`, and for described trees `invalid_name`,
 * `duplicate_entry`, `name_too_long`, `invalid_target`, `target_too_long`; IoError `file_changed`, `permission_denied`, `not_found`, `io_error`
 */
export async function packNar(input: NarInput, options: PackOptions = {}): Promise<NarPacker> {
  if (isDescription(input)) return new NarPacker(new FramedNodes(new DescribedNodes(input), options));
  const tree = typeof input === 'string' || input instanceof Uint8Array ? await openTree(input) : input;
  return new NarPacker(archivedByKernel(tree, options) ?? new FramedNodes(new DiskNodes(tree, options), options));
}

/** A kernel knows no globs and tells no entries. */
function archivedByKernel(tree: Tree, options: PackOptions): Layout | undefined {
  const { exclude = [], onEntry, maxDepth = NAR_LIMITS.depth, oneFileSystem = false } = options;
  if (exclude.length > 0 || onEntry !== undefined) return undefined;
  const archive = tree.archive(maxDepth, oneFileSystem);
  return archive === undefined ? undefined : new ArchivedTree(tree, archive, maxDepth, options);
}

/**
 * The same as a stream of bytes. Each piece is a view that is valid until the next is pulled and empty afterwards. Leaving the loop, an abort and an error close everything.
 */
export async function* narStream(input: NarInput, options: NarStreamOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
  const windowBytes = whole('windowBytes', options.windowBytes ?? 1024 * 1024);
  const windows = whole('windows', options.windows ?? 3);
  const { slabs } = await ioKernel();
  const packer = await packNar(input, options);
  const inFlight: { readonly slab: ReturnType<typeof slabs.take>; readonly filling: Promise<number> }[] = [];
  try {
    for (;;) {
      while (inFlight.length < windows) {
        options.signal?.throwIfAborted();
        const slab = slabs.take(windowBytes);
        const filling = packer.fill(slab.bytes);
        // Whoever awaits it gets the failure; until then it must not count as unhandled.
        filling.catch(() => {});
        inFlight.push({ slab, filling });
      }
      const { slab, filling } = inFlight[0] as (typeof inFlight)[number];
      const length = await filling;
      if (length > 0) yield slab.bytes.subarray(0, length);
      inFlight.shift();
      slab.end();
      if (length < windowBytes) return;
    }
  } finally {
    await packer.close();
    for (const { slab } of inFlight) slab.end();
  }
}

function isDescription(input: NarInput): input is NarTree {
  return typeof input === 'object' && !(input instanceof Uint8Array) && 'kind' in input;
}

function whole(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new NarError('invalid_input', { name, value: String(value), expected: 'a whole number above 0' });
}
