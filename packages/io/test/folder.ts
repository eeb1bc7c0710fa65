import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ioKernel, platformKernel } from '../src/index.js';

/** A fresh directory; `dispose` removes it. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'chunker-io-'));

  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** A path whose last name is bytes. */
  bytes(name: Uint8Array): Buffer {
    return Buffer.concat([Buffer.from(`${this.path}/`), name]);
  }

  dispose(): void {
    // Not rmSync: it cannot remove names that are no UTF-8.
    execFileSync('chmod', ['-R', 'u+rwx', this.path]);
    execFileSync('rm', ['-rf', this.path]);
  }
}

/** Names that catch those who treat names as text, in no order. */
export const ODD_NAMES: readonly Buffer[] = [
  ...['b', 'a', 'a-b', 'a.b', 'a!', 'ab', 'new\nline', '-rf', '😀', '～', 'é', 'é', '__proto__', 'C:', '\\', '~', ' '].map((name) => Buffer.from(name)),
  Buffer.from([0xff]),
  Buffer.from([0x63, 0x61, 0x66, 0xe9]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.alloc(255, 0x6e),
];

/** One of each kind that an archive can hold, odd names, empty things, links that lead nowhere or in circles. */
export function oddTree(folder: Folder): void {
  for (const [index, name] of ODD_NAMES.entries()) writeFileSync(folder.bytes(name), Buffer.alloc(index * 3, index));
  mkdirSync(folder.at('directory', 'nested', 'empty'), { recursive: true });
  writeFileSync(folder.at('directory', 'nested', 'tool'), '#!/bin/sh\n');
  chmodSync(folder.at('directory', 'nested', 'tool'), 0o755);
  writeFileSync(folder.at('directory', 'group-tool'), 'x');
  chmodSync(folder.at('directory', 'group-tool'), 0o674);
  writeFileSync(folder.at('directory.txt'), 'sorts behind the directory, before what is below it by path text');
  symlinkSync('nowhere', folder.at('dangling'));
  symlinkSync('loop', folder.at('loop'));
  symlinkSync('directory', folder.at('link'));
  symlinkSync(Buffer.from([0xff, 0x2f, 0xfe]), folder.at('odd-target'));
  symlinkSync('t'.repeat(4095), folder.at('long-target'));
  for (let i = 0; i < 80; i++) {
    mkdirSync(folder.at('many', `sub${i}`), { recursive: true });
    writeFileSync(folder.at('many', `sub${i}`, 'file'), String(i));
  }
}

/** Descriptors of this process that lead to files below the folder, or to sockets of no use to us. */
export function openDescriptors(folder: Folder): string[] {
  const targets: string[] = [];
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      if (target.startsWith(folder.path)) targets.push(target);
    } catch {
      // The descriptor of this very listing is gone by now.
    }
  }
  return targets;
}

/** Runs `work` without root's rights, where the tests run as root. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** Both kernels by name; tests run on each. The native one is built before the tests run. */
export async function kernels() {
  const native = await ioKernel();
  const platform = await platformKernel();
  return [
    { name: native.kind, kernel: native },
    { name: platform.kind, kernel: platform },
  ] as const;
}

export function removed(path: string): void {
  rmSync(path, { force: true, recursive: true });
}
