// Reading archives: how fast they are parsed, and unpacked against nix-store, on a memory file system: an ordinary disk is slower than both.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NarParser, narStream, unpackNar, verifyNar } from '@chunker/nar';
import { cpuTimed, wallTimed } from '../harness.mjs';

const PIECE = 1 << 20;
const ENTRIES = 100_000;

const quiet = { directory() {}, file: () => true, contents() {}, symlink() {}, end() {} };

function parse(bytes) {
  let contents = 0;
  const parser = new NarParser({
    ...quiet,
    contents: (view) => {
      contents += view.length;
    },
  });
  for (let at = 0; at < bytes.length; at += PIECE) parser.feed(bytes.subarray(at, at + PIECE));
  parser.finish();
  return contents;
}

/** A fresh directory in memory, removed when the process ends. */
function place() {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chunker-bench-'));
  process.on('exit', () => spawnSync('rm', ['-rf', folder]));
  return folder;
}

/** As many small files as a large closure has, 20 in a directory, of 0 to 4000 bytes. */
function makeSmall(root, data, count) {
  for (let i = 0, at = 0; i < count; i++) {
    const directory = join(root, `${Math.floor(i / 2000)}`, `${Math.floor(i / 20)}`);
    if (i % 20 === 0) mkdirSync(directory, { recursive: true });
    const length = (i * 769) % 4001;
    writeFileSync(join(directory, `file-${i}`), data.subarray(at, at + length), { mode: i % 7 === 0 ? 0o755 : 0o644 });
    at = (at + length) % (data.length - 4001);
  }
}

async function archiveOf(tree, file) {
  const pieces = [];
  for await (const piece of narStream(tree)) pieces.push(Buffer.from(piece));
  writeFileSync(file, Buffer.concat(pieces));
  return new Uint8Array(readFileSync(file));
}

function restore(archive, target) {
  const fd = openSync(archive, 'r');
  try {
    execFileSync('nix-store', ['--restore', target], { stdio: [fd, 'ignore', 'ignore'] });
  } finally {
    closeSync(fd);
  }
}

/** What both make is the archive again: compared once, before anything counts. */
async function compare(archive, ours, theirs) {
  await unpackNar(archive, ours);
  restore(archive, theirs);
  const sums = [ours, theirs].map((tree) => execFileSync('bash', ['-c', 'nix-store --dump "$0" 2> /dev/null | sha256sum', tree], { encoding: 'utf8' }));
  const expected = `${execFileSync('sha256sum', { input: readFileSync(archive), encoding: 'utf8' })}`;
  spawnSync('rm', ['-rf', ours, theirs]);
  if (sums.some((sum) => sum !== expected)) throw new Error(`unpack of ${archive}: trees differ`);
}

export async function narRead({ data, once }) {
  const folder = place();
  const count = once ? 5_000 : ENTRIES;
  mkdirSync(join(folder, 'large'));
  for (let i = 0; i < (once ? 2 : 8); i++) writeFileSync(join(folder, 'large', `${i}`), data.subarray(0, 64 << 20));
  makeSmall(join(folder, 'small'), data, count);
  const large = await archiveOf(join(folder, 'large'), join(folder, 'large.nar'));
  const small = await archiveOf(join(folder, 'small'), join(folder, 'small.nar'));
  const hasNix = spawnSync('nix-store', ['--version']).status === 0;
  const perByte = async (bytes) => ({ value: (await cpuTimed(() => parse(bytes))).ns / bytes.length });
  const lines = [
    { name: 'NAR parse, large files', limit: 0.1, unit: 'ns/B', ours: () => perByte(large) },
    {
      name: `NAR parse, ${count} small files`,
      limit: 2,
      unit: 'us/file',
      ours: async () => ({ value: (await cpuTimed(() => parse(small))).ns / 1000 / count }),
    },
    {
      name: 'NAR verify of a file, contents passed over',
      limit: 0.1,
      unit: 'ns/B',
      ours: async () => ({ value: (await wallTimed(() => verifyNar(join(folder, 'large.nar')))).ns / large.length }),
    },
  ];
  if (!hasNix) return lines;
  for (const [what, target, least] of [
    ['large', join(folder, 'large.nar'), 0.95],
    ['small', join(folder, 'small.nar'), 2],
  ]) {
    const [ours, theirs] = [`${target}-ours`, `${target}-theirs`];
    const timed = async (made, work) => {
      const { ns } = await wallTimed(work);
      spawnSync('rm', ['-rf', made]);
      return { ns, result: 'compared' };
    };
    lines.push({
      name: `NAR unpack, ${what} files`,
      against: 'nix-store --restore',
      target: least,
      bytes: statSync(target).size,
      rounds: 5,
      prepare: () => compare(target, ours, theirs),
      ours: () => timed(ours, () => unpackNar(target, ours)),
      theirs: () => timed(theirs, () => restore(target, theirs)),
    });
  }
  return lines;
}
