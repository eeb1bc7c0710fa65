// Whole jobs: reading, reading and cutting, and the scan of one large file against its composed ceiling and against the plain Rust program.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../tools/workspace.mjs';
import { CONTENDER, openContender } from '../contender.mjs';
import { checksum, cpuTimed } from '../harness.mjs';

const CLI = join(ROOT, 'packages', 'cli', 'dist', 'chunker.js');
const NOISE = join(ROOT, 'bench', 'measures', 'noise.mjs');
const BUSY_STAGES = join(ROOT, 'bench', 'measures', 'busy-stages.mjs');
const [MIN, AVG, MAX] = [256 << 10, 1 << 20, 4 << 20];

/** A whole process: wall nanoseconds, standard output, and its peak memory in KiB. */
function processTimed(command, args, env) {
  const began = process.hrtime.bigint();
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return { ns: Number(process.hrtime.bigint() - began), stdout, stderr };
}

function scan(file, ...more) {
  const { ns, stdout } = processTimed(process.execPath, [CLI, 'scan', '--json', ...more, file]);
  const report = JSON.parse(stdout);
  return { ns, report, seconds: report.seconds };
}

/** Nanoseconds that reading, cutting, hashing and compressing a file take alone on one core, through the same kernels that the scan uses. */
export async function stages(registry, file, contender) {
  const bytes = new Uint8Array(readFileSync(file));
  const chunker = await registry.chunker('fastcdc', { min: MIN, avg: AVG, max: MAX });
  const hash = await registry.hash('blake3');
  const codec = await registry.codec('zstd', { level: 3 });
  const output = new Uint8Array(codec.compressBound(MAX));
  let lengths;
  const cut = await cpuTimed(() => {
    lengths = chunker.chunkSync(bytes).lengths;
  });
  let digests;
  const hashed = await cpuTimed(() => {
    digests = hash.hashManySync({ buffer: bytes, ranges: { lengths } });
  });
  const seen = new Set();
  const unique = [];
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    const key = Buffer.from(digests.subarray(index * 32, index * 32 + 32)).toString('latin1');
    if (!seen.has(key)) unique.push([at, length]);
    seen.add(key);
    at += length;
  }
  const compressed = await cpuTimed(() => {
    for (const [offset, length] of unique) codec.compressIntoSync(bytes.subarray(offset, offset + length), output);
  });
  const read = await contender.ask(`read ${4 << 20}`);
  return cut.ns + hashed.ns + compressed.ns + read.ns;
}

/** The same while every other core runs them too: cores share caches and memory, which no pipeline can help. The mean of the cores. */
async function busyStages(file, cores) {
  const each = await Promise.all(Array.from({ length: cores }, () => promisify(execFile)(process.execPath, [BUSY_STAGES, file])));
  return each.reduce((sum, { stdout }) => sum + Number(stdout), 0) / cores;
}

/** Nanoseconds that the digest of a whole archive takes on one core. */
export async function narHashNs(registry, file) {
  const sha256 = await registry.hash('sha256');
  const bytes = new Uint8Array(readFileSync(file));
  return (await cpuTimed(() => sha256.hashSync(bytes))).ns;
}

export async function jobs({ registry, jobFile, contenders }) {
  const bytes = statSync(jobFile).size;
  const contender = openContender(jobFile);
  contenders.push(contender);
  const cores = availableParallelism();
  const lines = [
    {
      name: 'scan of one file, zstd 3',
      against: 'composed ceiling',
      target: 0.93,
      bytes,
      same: false, // a ceiling has no output
      ours: async () => ({ ns: scan(jobFile).seconds * 1e9 }),
      theirs: async () => ({ ns: (await stages(registry, jobFile, contender)) / cores }),
    },
    {
      name: 'scan of one file, zstd 3',
      against: 'its stages alone, on all cores at once',
      bytes,
      rounds: 3,
      same: false, // as above
      ours: async () => ({ ns: scan(jobFile).seconds * 1e9 }),
      theirs: async () => ({ ns: (await busyStages(jobFile, cores)) / cores }),
    },
    {
      name: 'scan of one file, zstd 3, whole process',
      against: 'the plain Rust program',
      target: 1.1,
      bytes,
      same: false, // it counts names in its stream and writes an index; sizes are compared in the tests
      ours: async () => scan(jobFile),
      theirs: async () => processTimed(CONTENDER, ['pack', '/dev/null', MIN, AVG, MAX, 3, cores, jobFile].map(String)),
    },
    {
      name: 'file to chunk list',
      against: 'read and cut in Rust, two threads',
      target: 0.9,
      bytes,
      ours: () => chunkList(jobFile),
      theirs: () => contender.ask(`read-cut ${MIN} ${AVG} ${MAX}`),
    },
    { name: 'event loop delay while scanning, p99', limit: 10, unit: 'ms', rounds: 3, ours: async () => ({ value: (await probed(jobFile)).loopDelayMs }) },
    { name: 'fs.stat while scanning, p99', limit: 2, unit: 'ms', rounds: 3, ours: async () => ({ value: (await probed(jobFile)).statMs }) },
    { name: 'peak memory of a scan', limit: 120, unit: 'MiB', rounds: 3, ours: async () => ({ value: await peakMemory(jobFile) }) },
    { name: 'peak memory of a scan of a pipe', limit: 120, unit: 'MiB', rounds: 3, ours: async () => ({ value: await peakMemory('-', 1, bytes) }) },
    { name: 'peak memory of a scan of 4 times as much', limit: 120, unit: 'MiB', rounds: 1, ours: async () => ({ value: await peakMemory('-', 4, bytes) }) },
  ];
  return lines;
}

/** The chunk list of a file through the pipeline, in this process. */
async function chunkList(file) {
  const { chunkLengths } = await import('./chunk-list.mjs');
  const began = process.hrtime.bigint();
  const lengths = await chunkLengths(file, { min: MIN, avg: AVG, max: MAX });
  return { ns: Number(process.hrtime.bigint() - began), result: `${lengths.length}:${checksum(lengths)}` };
}

/** The scan with probes of the event loop and of libuv's pool beside it, in a process of its own. */
function probed(file) {
  const { stdout } = processTimed(process.execPath, [join(ROOT, 'bench', 'measures', 'probed-scan.mjs'), file]);
  return JSON.parse(stdout);
}

/** The peak of a scan of a file, or of `times` x `bytes` bytes that come through a pipe and do not repeat. */
function peakMemory(file, times = 0, bytes = 0) {
  return new Promise((resolve, reject) => {
    // A pipe of the shell's, for the runtime's own are sockets; and the command in the shell's place, so that its number is known.
    const command = `exec "$0" "$1" scan --json "$2"${times === 0 ? '' : ' < <("$0" "$3" "$4")'}`;
    const child = spawn('bash', ['-c', command, process.execPath, CLI, file, NOISE, String(times * bytes)], { stdio: 'ignore' });
    let peak = 0;
    const watch = setInterval(() => {
      try {
        peak = Math.max(peak, Number(readFileSync(`/proc/${child.pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)?.[1] ?? 0));
      } catch {
        // ended between two looks
      }
    }, 20);
    child.on('error', reject);
    child.on('close', () => {
      clearInterval(watch);
      resolve(peak / 1024);
    });
  });
}
