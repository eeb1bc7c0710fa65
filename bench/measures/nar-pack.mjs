// Packing against `nix-store --dump`, both into nothing, on a memory file system.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { narStream } from '@chunker/nar';
import { median, wallTimed } from '../harness.mjs';
import { place } from '../place.mjs';

const PROBE = join(import.meta.dirname, 'pack-probe.mjs');

/** Packs in a process of its own, without its start. */
export function packed(tree, threads) {
  const env = { ...process.env, CHUNKER_THREADS: String(threads) };
  return { ...JSON.parse(execFileSync(process.execPath, [PROBE, tree], { env, encoding: 'utf8' })), result: 'compared' };
}

/** Files of 100 to 2000 bytes, 500 in a directory. */
export function makeFiles(root, data, count) {
  const files = [];
  for (let i = 0; i < count; i++) {
    const directory = join(root, String(Math.floor(i / 500)).padStart(4, '0'));
    if (i % 500 === 0) mkdirSync(directory, { recursive: true });
    const at = (i * 1009) % (data.length - 2000);
    files.push(join(directory, `file-${i}`));
    writeFileSync(files[i], data.subarray(at, at + 100 + ((i * 769) % 1901)));
  }
  return files;
}

function dump(tree) {
  return wallTimed(() => execFileSync('sh', ['-c', 'nix-store --dump "$0" > /dev/null 2>&1', tree]));
}

async function compare(tree) {
  const hash = createHash('sha256');
  for await (const piece of narStream(tree)) hash.update(piece);
  const theirs = execFileSync('sh', ['-c', 'nix-store --dump "$0" 2> /dev/null | sha256sum', tree], { encoding: 'utf8' });
  if (hash.digest('hex') !== theirs.slice(0, 64)) throw new Error(`${tree} is packed differently`);
}

export async function narPack({ data, once }) {
  if (spawnSync('nix-store', ['--version']).status !== 0) return [];
  const folder = place();
  const count = once ? 5_000 : 100_000;
  const [large, small, empty] = ['large', 'small', 'empty'].map((name) => join(folder, name));
  for (const made of [large, small, empty]) mkdirSync(made);
  for (let i = 0; i < (once ? 2 : 8); i++) writeFileSync(join(large, String(i)), data.subarray(0, 64 << 20));
  makeFiles(small, data, count);
  const starts = [];
  for (let i = 0; i < 5; i++) starts.push((await dump(empty)).ns);
  /** Without what starting Nix costs: an archive is not charged for it on either side. */
  const nix = async (tree) => ({ ns: (await dump(tree)).ns - median(starts), result: 'compared' });
  const line = (name, tree, threads, target) => ({
    name: `NAR pack, ${name}, ${threads === 1 ? 'one thread' : `${threads} threads`}`,
    against: 'nix-store --dump',
    target,
    prepare: () => compare(tree),
    ours: async () => packed(tree, threads),
    theirs: () => nix(tree),
  });
  const smalls = `${count} small files`;
  return [line('large files', large, 2, 0.95), line(smalls, small, 1, 2), line(smalls, small, 2, 3)];
}
