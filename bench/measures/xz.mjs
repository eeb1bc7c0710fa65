// xz: one thread against liblzma itself (the crate `liblzma`, the same version and compiler flags), two threads against `xz -T2`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuTimed, pieces, wallTimed } from '../harness.mjs';

const MIB = 1 << 20;

function views(data, lengths) {
  let at = 0;
  return Array.from(lengths, (length) => {
    const view = data.subarray(at, at + length);
    at += length;
    return view;
  });
}

export async function xz({ registry, data, contender, once }) {
  const lines = [];
  for (const [label, level, size, bytes] of [
    ['8 MiB', 6, 8 * MIB, 8 * MIB],
    ['256 KiB', 6, MIB / 4, 4 * MIB],
    ['8 MiB', 1, 8 * MIB, 16 * MIB],
  ]) {
    const codec = await registry.codec('xz', { level });
    const inputs = views(data, pieces(Math.min(bytes, data.length), size));
    lines.push({
      name: `xz ${level} compress ${label}`,
      against: 'liblzma 5.8',
      target: 0.95,
      bytes,
      rounds: 3,
      ours: () => cpuTimed(() => inputs.map((piece) => codec.compressSync(piece)).length, String),
      theirs: () => contender.ask(`xz-compress ${level} ${size} ${bytes}`),
    });
    const packed = inputs.map((piece) => codec.compressSync(piece));
    lines.push({
      name: `xz ${level} decompress ${label}`,
      against: 'liblzma 5.8',
      target: 0.95,
      bytes,
      ours: () => cpuTimed(() => packed.reduce((sum, stream) => sum + codec.decompressSync(stream).length, 0), String),
      theirs: () => contender.ask(`xz-decompress ${level} ${size} ${bytes}`),
    });
  }
  return [...lines, ...(await commandLines(registry, data.subarray(0, (once ? 8 : 16) * MIB)))];
}

/** `xz -T2` reads and writes files in memory; blocks are of the same size on both sides. */
async function commandLines(registry, data) {
  const folder = mkdtempSync(join(tmpdir(), 'chunker-xz-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const [plain, packed] = [join(folder, 'plain'), join(folder, 'plain.xz')];
  writeFileSync(plain, data);
  const codec = await registry.codec('xz', { level: 6, blockBytes: 4 * MIB });
  const stream = await codec.compress(data);
  writeFileSync(packed, stream);
  const run = (...flags) => {
    const { status } = spawnSync('xz', ['-T2', '-kc', ...flags], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error('xz failed');
    return 'done';
  };
  const common = { against: 'xz -T2 (5.4 on Debian 12)', target: 0.95, bytes: data.length, rounds: 3, same: false };
  return [
    {
      ...common,
      name: 'xz 6 compress 4 MiB blocks, 2 threads',
      ours: () => wallTimed(() => codec.compress(data)),
      theirs: () => wallTimed(() => run('-6', '--block-size=4MiB', plain)),
    },
    {
      ...common,
      name: 'xz 6 decompress 4 MiB blocks, 2 threads',
      ours: () => wallTimed(() => codec.decompress(stream)),
      theirs: () => wallTimed(() => run('-d', packed)),
    },
  ];
}
