// Reading and packing against a C loop, nix-store and fs/promises, interleaved, medians of seven rounds; outputs are compared first. Prints a line of JSON per measure.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ioKernel, openFileSource } from '@chunker/io';
import { narStream, packNar } from '../src/index.js';

const ROUNDS = 7;
const PIECE = 4 << 20;
const root = mkdtempSync(join(process.argv[2] ?? '/dev/shm', 'chunker-bench-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));

const large = join(root, 'large');
const file = join(large, 'file');
const small = join(root, 'small');
const files: string[] = [];
const bytes = Buffer.alloc(400_000_000);
for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);
mkdirSync(large);
writeFileSync(file, bytes);
for (let d = 0; d < 400; d++) {
  mkdirSync(join(small, `d${d}`), { recursive: true });
  for (let f = 0; f < 50; f++) {
    files.push(join(small, `d${d}`, `f${f}`));
    writeFileSync(files.at(-1) as string, bytes.subarray(d * 1000, d * 1000 + ((d * 7919 + f * 104_729) % 8000)));
  }
}
const loop = join(root, 'pread');
execFileSync('cc', ['-O2', '-o', loop, new URL('../../nar/bench/pread.c', import.meta.url).pathname]);
const { slabs } = await ioKernel();

async function drain(source: { fill(window: Uint8Array): Promise<number> }, windows: number): Promise<number> {
  const held = Array.from({ length: windows }, () => slabs.take(PIECE));
  const filling = held.map(({ bytes: window }) => source.fill(window));
  let total = 0;
  for (let i = 0; ; i = (i + 1) % windows) {
    const length = (await filling[i]) as number;
    total += length;
    if (length < PIECE) break;
    filling[i] = source.fill((held[i] as (typeof held)[number]).bytes);
  }
  await Promise.all(filling);
  for (const slab of held) slab.end();
  return total;
}

const readWindows = (windows: number) => async () => {
  const source = await openFileSource(file);
  await drain(source, windows);
  await source.close();
};
const packWindows = (path: string, windows: number) => async () => {
  const packer = await packNar(path);
  await drain(packer, windows);
  await packer.close();
};
/** Wall seconds and CPU seconds of all threads: on a busy machine only the second can be compared. */
interface Time {
  readonly wall: number;
  readonly cpu: number;
}

async function time(work: () => unknown): Promise<Time> {
  const from = performance.now();
  const before = process.cpuUsage();
  const told = await work();
  const { user, system } = process.cpuUsage(before);
  return (told as Time | undefined) ?? { wall: (performance.now() - from) / 1000, cpu: (user + system) / 1e6 };
}

/** A command's own times, as the shell counts them. */
function shell(script: string, ...args: string[]): Time {
  const from = performance.now();
  const { stdout } = spawnSync('bash', ['-c', `${script}; times`, 'bash', ...args], { encoding: 'utf8' });
  const wall = (performance.now() - from) / 1000;
  const children = stdout.trim().split('\n').at(-1) as string;
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
  return { wall, cpu };
}

const nix = (path: string) => () => shell('nix-store --dump "$1" >/dev/null 2>&1', path);

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

async function compare(name: string, amount: number, unit: string, target: number, contenders: Record<string, () => unknown>): Promise<void> {
  const times = Object.fromEntries(Object.keys(contenders).map((key) => [key, [] as Time[]]));
  for (let round = 0; round < ROUNDS; round++) for (const [key, work] of Object.entries(contenders)) times[key]?.push(await time(work));
  const rate = (key: string, by: 'wall' | 'cpu') => Math.round(amount / median((times[key] as Time[]).map((one) => one[by])));
  const rates = Object.keys(contenders).map((key) => [key, { wall: rate(key, 'wall'), cpu: rate(key, 'cpu') }] as const);
  const [ours, other] = rates.map(([, both]) => both) as [Record<'wall' | 'cpu', number>, Record<'wall' | 'cpu', number>];
  const ratio = { wall: Number((ours.wall / other.wall).toFixed(3)), cpu: Number((ours.cpu / other.cpu).toFixed(3)) };
  console.log(JSON.stringify({ name, unit, ...Object.fromEntries(rates), ratio, target }));
}

async function sameArchives(): Promise<void> {
  for (const path of [large, small]) {
    const hash = createHash('sha256');
    for await (const piece of narStream(path)) hash.update(piece);
    const theirs = execFileSync('sh', ['-c', 'nix-store --dump "$1" 2>/dev/null | sha256sum', 'sh', path], { encoding: 'utf8' });
    if (hash.digest('hex') !== theirs.slice(0, 64)) throw new Error(`${path} is packed differently`);
  }
}

await sameArchives();
const empty = mkdtempSync(join(tmpdir(), 'chunker-empty-'));
const starts = Array.from({ length: 5 }, nix(empty));
rmSync(empty, { recursive: true });
const start: Time = { wall: median(starts.map(({ wall }) => wall)), cpu: median(starts.map(({ cpu }) => cpu)) };
/** Without what starting Nix costs: an archive is not charged for it. */
const nixAlone = (path: string) => () => {
  const { wall, cpu } = nix(path)();
  return { wall: wall - start.wall, cpu: cpu - start.cpu };
};
/** The C loop in its own process. */
const cLoop = () => {
  const [wall = 0, cpu = 0] = execFileSync(loop, [file, String(PIECE)], { encoding: 'utf8' })
    .split(' ')
    .map(Number);
  return { wall, cpu };
};

await compare('read, one window in flight', 400, 'MB/s', 0.95, { ours: readWindows(1), pread: cLoop });
await compare('read, three windows in flight', 400, 'MB/s', 0.95, { ours: readWindows(3), pread: cLoop });
await compare('NAR of one large file', 400, 'MB/s', 0.95, { ours: packWindows(large, 3), nix: nixAlone(large) });
await compare('NAR of 20 000 small files, one window', files.length, 'files/s', 2, { ours: packWindows(small, 1), nix: nixAlone(small) });
await compare('NAR of 20 000 small files, three windows', files.length, 'files/s', 3, { ours: packWindows(small, 3), nix: nixAlone(small) });
await compare('20 000 small files', files.length, 'files/s', 8, {
  ours: packWindows(small, 3),
  readFile: async () => {
    let next = 0;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (next < files.length) await readFile(files[next++] as string);
      }),
    );
  },
});
if (readdirSync('/proc/self/fd').length > 60) throw new Error('descriptors leak');
