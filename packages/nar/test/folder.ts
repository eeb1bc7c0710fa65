import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NarInput, type NarStreamOptions, narStream, packNar } from '../src/index.js';

/** A fresh directory; `dispose` removes it. */
export class Folder {
  // In memory where there is such a place: tests make many small files.
  readonly path = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chunker-nar-'));

  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  dispose(): void {
    // Not rmSync: it cannot remove names that are no UTF-8.
    execFileSync('chmod', ['-R', 'u+rwx', this.path]);
    execFileSync('rm', ['-rf', this.path]);
  }
}

/** The whole archive. */
export async function pack(input: NarInput, options?: NarStreamOptions): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of narStream(input, options)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** The whole archive through windows of one size, so many at a time. */
export async function packInWindows(input: NarInput, windowBytes: number, atOnce: number): Promise<Buffer> {
  const packer = await packNar(input);
  const pieces: Buffer[] = [];
  try {
    for (let ended = false; !ended; ) {
      const windows = Array.from({ length: atOnce }, () => Buffer.alloc(windowBytes, 0xaa));
      const lengths = await Promise.all(windows.map((window) => packer.fill(window)));
      for (const [i, window] of windows.entries()) pieces.push(window.subarray(0, lengths[i]));
      ended = (lengths.at(-1) as number) < windowBytes;
    }
    return Buffer.concat(pieces);
  } finally {
    await packer.close();
  }
}

/** Descriptors of this process that lead below the folder. */
export function openDescriptors({ path }: Folder): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(path) ? [target] : [];
    } catch {
      return [];
    }
  });
}

/** True where Nix is installed. In CI it must be. */
export const haveNix = spawnSync('nix-store', ['--version']).status === 0;
if (!haveNix && process.env.CI === 'true') throw new Error('nix-store must be there in CI');

/** What Nix makes of a path. */
export function nixDump(path: string): Buffer {
  return execFileSync('nix-store', ['--dump', path], { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] });
}
